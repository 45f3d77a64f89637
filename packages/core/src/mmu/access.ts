/** What an access to memory does, as the TLB's permissions distinguish it. */
export const Access = { read: 0, write: 1, execute: 2 } as const;
export type Access = (typeof Access)[keyof typeof Access];

/** What a check that moves nothing asks for: an access's permission, or only that the address is mapped. */
export const Touch = { ...Access, mapped: 3 } as const;
export type Touch = (typeof Touch)[keyof typeof Touch];

/** CCR0[FLSTA]: every load and store that is not aligned makes an Alignment interrupt (PPC440x5 UM, section 6.5.6). */
export const CCR0_FLSTA = 0x00000100;
