/**
 * What the user gives wrong: images, sizes, places. The command line prints the message, one sentence with its advice, and exits
 * with status 2. What a guest does wrong is architecture and never comes here.
 */

const hex = (value: number): string => `0x${value.toString(16)}`;
const mebibytes = (bytes: number): string => `${bytes / 2 ** 20} MB`;

/** One row a mistake: the facts it needs, and its sentence. */
const SENTENCES = {
  'image-truncated': (f: { format: string; part: string }) =>
    `The ${f.format} image ends before its ${f.part} does; it is truncated or damaged, so copy or build it again.`,
  'image-foreign': (f: { found: string }) =>
    `The image is ${f.found}, but this machine runs 32-bit big-endian PowerPC; build it for that, for example with powerpc-linux-gnu-gcc.`,
  'image-malformed': (f: { format: string; problem: string }) => `The ${f.format} image is damaged: ${f.problem}; build it again.`,
  'image-unknown': (_: object) =>
    'The kernel is neither an ELF file nor a uImage; build it as one of them, for example as an ELF executable.',
  'image-unsupported': (f: { feature: string; advice: string }) => `The image uses ${f.feature}; ${f.advice}.`,
  'not-patchable-format': (_: object) =>
    'Only an ELF image can be patched: its sections say what is code; give the ELF file that this image was made from.',
  'no-sections': (_: object) =>
    'The image has no section table, so code cannot be told from data; give the ELF file as the linker wrote it, not stripped.',
  'no-symbols': (_: object) =>
    'The image is stripped of its symbols, so data and functions in its code cannot be told apart; give the ELF file before stripping.',
  'already-patched': (_: object) => 'The image is patched already; give the image that it was made from.',
  'not-patched': (_: object) =>
    'The image is not patched; write a patched one with "exitlab patch", or let it be patched when it is loaded.',
  'patched-elsewhere': (f: { strategy: string }) =>
    `The image is patched for the shared page, which the strategy ${f.strategy} does not have; run it under the strategy patched.`,
  'patched-for-other-layout': (f: { found: number; wanted: number }) =>
    `The image is patched for version ${f.found} of the shared page, and this hypervisor has version ${f.wanted}; patch the original again.`,
  'page-in-use': (f: { at: number; symbol: string | undefined }) =>
    `The image itself accesses the address of the shared page, at ${hex(f.at)}${f.symbol === undefined ? '' : ` in ${f.symbol}`}, so there is no room for the page; run it under trap.`,
  'patch-record-bad': (_: object) => 'The image says that it is patched, but its record of that is damaged; patch the original again.',
  'nothing-to-patch': (_: object) => 'The image has no executable section, so there is nothing to patch; give an image with code.',
  'entry-outside': (f: { entry: number }) =>
    `The image's entry point ${hex(f.entry)} lies in none of its loaded segments; link it with an entry inside its text.`,
  'entry-unaligned': (f: { entry: number }) =>
    `The entry point ${hex(f.entry)} is no multiple of 4, as every instruction's address is; link or place the image so that it is one.`,
  'device-tree-bad': (f: { problem: string }) =>
    `The device tree blob is damaged: ${f.problem}; build it again with dtc, or leave it out to use the built-in one.`,
  'image-overlap': (f: { first: string; second: string; at: number }) =>
    `The ${f.first} and the ${f.second} overlap at ${hex(f.at)}; move one of them or make one smaller.`,
  'image-outside-memory': (f: { what: string; start: number; end: number; memoryBytes: number }) =>
    `The ${f.what} at ${hex(f.start)} to ${hex(f.end)} does not fit into ${mebibytes(f.memoryBytes)} of memory; give the machine more memory.`,
  'memory-size-range': (f: { bytes: number; minimumBytes: number; maximumBytes: number }) =>
    `A memory of ${f.bytes} bytes is out of range; choose ${mebibytes(f.minimumBytes)} to ${mebibytes(f.maximumBytes)}.`,
  'memory-size-banks': (f: { bytes: number; bankCount: number }) =>
    `A memory of ${f.bytes} bytes cannot be made of ${f.bankCount} banks of 4 to 256 MB; choose a power of two such as 64M.`,
};

export type UserErrorKind = keyof typeof SENTENCES;
export type UserErrorFacts<K extends UserErrorKind> = Parameters<(typeof SENTENCES)[K]>[0];

/** A mistake in what the user gave; `message` is one sentence that says what to do. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly kind: UserErrorKind;

  /** Use {@link UserError.of}, which has the sentences. */
  constructor(kind: UserErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }

  static of<K extends UserErrorKind>(kind: K, facts: UserErrorFacts<K>): UserError {
    const sentence = SENTENCES[kind] as (facts: UserErrorFacts<K>) => string;
    return new UserError(kind, sentence(facts));
  }
}
