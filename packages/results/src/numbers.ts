import * as v from 'valibot';

/** A number of things: a whole number from 0 to 2**53 - 1. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A duration or size that is measured, not counted: any finite number from 0. */
export const quantity = v.pipe(v.number(), v.finite(), v.minValue(0));
