/** The SPRs of the 440 (PPC440x5 UM, chapter 10, register summary): one row a number. */
export interface SprRow {
  readonly name: string;
  readonly sprn: number;
  /** Least privilege that may read or write it; absent where nobody may. */
  readonly read?: 'user' | 'supervisor';
  readonly write?: 'user' | 'supervisor';
  /**
   * - `plain`: a word at `State.spr`, without effects; the writable bits are `mask` (all where absent)
   * - `effect`: a word at `State.spr` to read; writing has an effect
   * - `computed`: lies elsewhere (XER, LR, CTR) or depends on time
   */
  readonly storage: 'plain' | 'effect' | 'computed';
  /** The number under which its word lies, where it is another window on the same register. */
  readonly storedAt?: number;
  readonly mask?: number;
}

type Access = 'U' | 'S' | '-';
const PRIVILEGE = { U: 'user', S: 'supervisor', '-': undefined } as const;

function spr(
  name: string,
  sprn: number,
  access: `${Access}${Access}`,
  storage: SprRow['storage'],
  extra: { storedAt?: number; mask?: number } = {},
): SprRow {
  const read = PRIVILEGE[access[0] as Access];
  const write = PRIVILEGE[access[1] as Access];
  return { name, sprn, storage, ...(read && { read }), ...(write && { write }), ...extra };
}

function numbered(
  name: string,
  first: number,
  count: number,
  access: `${Access}${Access}`,
  storage: SprRow['storage'],
  mask?: number,
  from = 0,
): SprRow[] {
  return Array.from({ length: count }, (_, i) => spr(`${name}${i + from}`, first + i, access, storage, mask === undefined ? {} : { mask }));
}

// biome-ignore format: a table; the second letter pair is read, write: U user, S supervisor, - nobody
export const SPRS: readonly SprRow[] = [
  spr('XER',        1, 'UU', 'computed'),
  spr('LR',         8, 'UU', 'computed'),
  spr('CTR',        9, 'UU', 'computed'),
  spr('DEC',       22, 'SS', 'computed'),
  spr('SRR0',      26, 'SS', 'plain', { mask: 0xfffffffc }),
  spr('SRR1',      27, 'SS', 'plain'),
  spr('PID',       48, 'SS', 'effect', { mask: 0xff }),
  spr('DECAR',     54, '-S', 'computed'),
  spr('CSRR0',     58, 'SS', 'plain', { mask: 0xfffffffc }),
  spr('CSRR1',     59, 'SS', 'plain'),
  spr('DEAR',      61, 'SS', 'plain'),
  spr('ESR',       62, 'SS', 'plain'),
  spr('IVPR',      63, 'SS', 'plain', { mask: 0xffff0000 }),
  spr('USPRG0',   256, 'UU', 'plain'),
  spr('SPRG4R',   260, 'U-', 'plain', { storedAt: 276 }),
  spr('SPRG5R',   261, 'U-', 'plain', { storedAt: 277 }),
  spr('SPRG6R',   262, 'U-', 'plain', { storedAt: 278 }),
  spr('SPRG7R',   263, 'U-', 'plain', { storedAt: 279 }),
  spr('TBL',      268, 'U-', 'computed'),
  spr('TBU',      269, 'U-', 'computed'),
  ...numbered('SPRG', 272, 8, 'SS', 'plain'),
  spr('TBLW',     284, '-S', 'computed'),
  spr('TBUW',     285, '-S', 'computed'),
  spr('PIR',      286, 'S-', 'plain'),
  spr('PVR',      287, 'S-', 'plain'),
  spr('DBSR',     304, 'SS', 'computed'),
  spr('DBCR0',    308, 'SS', 'effect'),
  spr('DBCR1',    309, 'SS', 'effect'),
  spr('DBCR2',    310, 'SS', 'effect'),
  ...numbered('IAC', 312, 4, 'SS', 'effect', 0xfffffffc, 1),
  ...numbered('DAC', 316, 2, 'SS', 'effect', undefined, 1),
  ...numbered('DVC', 318, 2, 'SS', 'effect', undefined, 1),
  spr('TSR',      336, 'SS', 'computed'),
  spr('TCR',      340, 'SS', 'computed', { mask: 0xffc00000 }),
  ...numbered('IVOR', 400, 16, 'SS', 'plain', 0xfff0),
  spr('MCSRR0',   570, 'SS', 'plain', { mask: 0xfffffffc }),
  spr('MCSRR1',   571, 'SS', 'plain'),
  spr('MCSR',     572, 'SS', 'computed'),
  ...numbered('INV', 880, 4, 'SS', 'plain'),
  ...numbered('ITV', 884, 4, 'SS', 'plain'),
  spr('CCR1',     888, 'SS', 'plain'),
  ...numbered('DNV', 912, 4, 'SS', 'plain'),
  ...numbered('DTV', 916, 4, 'SS', 'plain'),
  spr('DVLIM',    920, 'SS', 'plain'),
  spr('IVLIM',    921, 'SS', 'plain'),
  spr('RSTCFG',   923, 'S-', 'plain'),
  spr('DCDBTRL',  924, 'S-', 'plain'),
  spr('DCDBTRH',  925, 'S-', 'plain'),
  spr('ICDBTRL',  926, 'S-', 'plain'),
  spr('ICDBTRH',  927, 'S-', 'plain'),
  spr('MMUCR',    946, 'SS', 'plain', { mask: 0x016d00ff }),
  spr('CCR0',     947, 'SS', 'plain'),
  spr('ICDBDR',   979, 'S-', 'plain'),
  spr('DBDR',    1011, 'SS', 'plain'),
];

/** How many SPR numbers there are: a field of ten bits. */
export const SPR_NUMBERS = 1024;
const BY_NUMBER: readonly (SprRow | undefined)[] = Array.from({ length: SPR_NUMBERS }, (_, number) =>
  SPRS.find((each) => each.sprn === number),
);
const BY_NAME = new Map(SPRS.map((each) => [each.name, each]));

export function sprByNumber(sprn: number): SprRow | undefined {
  return BY_NUMBER[sprn];
}

/** The number of an SPR by its name in the table; an unknown name is our own mistake. */
export function sprn(name: string): number {
  const found = BY_NAME.get(name);
  if (!found) throw new Error(`no SPR named ${name}`);
  return found.sprn;
}

/** SPR numbers with this bit set are for the supervisor, whether the register exists or not (Power ISA, mfspr). */
export const SPRN_PRIVILEGED = 0x10;
