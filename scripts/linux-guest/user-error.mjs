/** Something outside this program stands in the way; the message is one sentence that says what to do. */
export class UserError extends Error {
  /** @param {number} exitStatus what the program ends with: 2 for bad input or a missing tool, 130 when the user stopped it */
  constructor(message, exitStatus = 2) {
    super(message);
    this.exitStatus = exitStatus;
  }
}
