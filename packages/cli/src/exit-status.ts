/** Exit statuses of every command, a row each. */
export const ExitStatus = {
  /** All is well. */
  fine: 0,
  /** A guest failed, or a measurement got worse. */
  failed: 1,
  /** Wrong usage or wrong input: the message says what to change. */
  badInput: 2,
  /** The inputs are right, but cannot be compared with each other. */
  notComparable: 3,
  /** A fault of exitlab itself (EX_SOFTWARE of sysexits.h). */
  ownFault: 70,
  /** Ended by Ctrl-C; what was measured until then is kept (128 + SIGINT, as shells have it). */
  interrupted: 130,
} as const;
export type ExitStatus = (typeof ExitStatus)[keyof typeof ExitStatus];
