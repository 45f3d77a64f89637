import type { LoggedExits } from './exit-log.js';
import { EXIT_TYPES } from './exit-types.js';

/** Exits by guest pc and type name. */
export class ExitSites {
  readonly #sites = new Map<number, Map<string, number>>();

  book({ count, types, pcs }: LoggedExits): void {
    for (let row = 0; row < count; row++) this.#bookOne(pcs[row] as number, EXIT_TYPES[types[row] as number]?.name as string);
  }

  #bookOne(pc: number, name: string): void {
    let site = this.#sites.get(pc);
    if (site === undefined) {
      site = new Map();
      this.#sites.set(pc, site);
    }
    site.set(name, (site.get(name) ?? 0) + 1);
  }

  clear(): void {
    this.#sites.clear();
  }

  snapshot(): ReadonlyMap<number, ReadonlyMap<string, number>> {
    return new Map([...this.#sites].map(([pc, counts]) => [pc, new Map(counts)]));
  }
}
