/** How a Linux kernel says that it has failed. */
export type PanicKind = 'kernel-panic' | 'unrecoverable-exception' | 'oops';

export interface PanicSign {
  readonly kind: PanicKind;
  /** The console line that says so. */
  readonly line: string;
}

/** Texts of kernel/panic.c and of arch/powerpc/kernel/traps.c (`__die`, and the handlers of unavailable facilities). */
const SIGNS: readonly { readonly kind: PanicKind; readonly pattern: RegExp }[] = [
  { kind: 'kernel-panic', pattern: /Kernel panic - not syncing/ },
  { kind: 'oops', pattern: /\bOops: .*, sig: \d+ \[#\d+\]/ },
  { kind: 'unrecoverable-exception', pattern: /\bUnrecoverable .*exception/i },
];

/** The sign that a line of the console gives, if any. */
export const panicSign = (line: string): PanicSign | undefined => {
  const sign = SIGNS.find(({ pattern }) => pattern.test(line));
  return sign && { kind: sign.kind, line };
};
