/** Something outside this program stands in the way; the message is one sentence that says what to do. */
export class UserError extends Error {}
