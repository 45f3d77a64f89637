/** How the two registers of a pair are used (PPC440x5 UM, sections 8.3.1.1 and 8.3.2.1): DBCR1[IAC12M], DBCR2[DAC12M]. */
export const PairMode = { exact: 0, mask: 1, inclusive: 2, exclusive: 3 } as const;
/** DBCR2[DVC1M], DBCR2[DVC2M] (section 8.3.3.1); 0 is reserved. */
export const ValueMode = { and: 1, or: 2, andOr: 3 } as const;

/** The state of the processor, and what a compare asks of it: the fields US and ER of DBCR1 and DBCR2. */
export interface CompareConditions {
  /** 0 any, 2 supervisor, 3 user; 1 is reserved and never holds. */
  readonly us: number;
  /** 0 any, 2 address space 0, 3 address space 1; 1 (real addresses) is not supported and never holds. */
  readonly er: number;
  readonly user: boolean;
  readonly addressSpace: 0 | 1;
}

function holds({ us, er, user, addressSpace }: CompareConditions): boolean {
  return (us === 0 || us === (user ? 3 : 2)) && (er === 0 || er === 2 + addressSpace);
}

/** Whether an address meets the compare of register `number` of a pair. */
export function compareAddress(
  address: number,
  number: 0 | 1,
  pair: readonly [number, number],
  mode: number,
  conditions: CompareConditions,
): boolean {
  if (!holds(conditions)) return false;
  const [first, second] = pair;
  switch (mode) {
    case PairMode.exact:
      return address === pair[number];
    case PairMode.mask:
      return ((address ^ first) & second) === 0;
    case PairMode.inclusive:
      return first <= address && address < second;
    default:
      return address < first || address >= second;
  }
}

/** What DVC1 or DVC2 asks for: a word, which of its byte lanes count (bit 3 is lane 0), and how they are combined. */
export interface WantedValue {
  readonly value: number;
  readonly lanes: number;
  readonly mode: number;
}

/** Whether an access moves the wanted data in one of the aligned words that it touches. */
export function valueMatches(wanted: WantedValue, ea: number, sizeBytes: number, data: number): boolean {
  for (let word = ea & -4; word < (ea & -4) + (ea & 3) + sizeBytes; word += 4) {
    let matching = 0;
    for (let lane = 0; lane < 4; lane++) {
      const index = word + lane - (ea | 0);
      if (index < 0 || index >= sizeBytes) continue;
      const byte = (data >>> (8 * (sizeBytes - 1 - index))) & 0xff;
      if (byte === ((wanted.value >>> (8 * (3 - lane))) & 0xff)) matching |= 8 >> lane;
    }
    if (combine(wanted, matching)) return true;
  }
  return false;
}

function combine({ lanes, mode }: WantedValue, matching: number): boolean {
  const all = (part: number) => part !== 0 && (matching & part) === part;
  switch (mode) {
    case ValueMode.and:
      return all(lanes);
    case ValueMode.or:
      return (matching & lanes) !== 0;
    case ValueMode.andOr:
      return all(lanes & 0b1100) || all(lanes & 0b0011);
    default:
      return false;
  }
}
