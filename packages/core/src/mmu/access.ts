/** What an access to memory does, as the TLB's permissions distinguish it. */
export const Access = { read: 0, write: 1, execute: 2 } as const;
export type Access = (typeof Access)[keyof typeof Access];
