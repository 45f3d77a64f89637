import test from 'ava';
import fc from 'fast-check';
import { ShadowRotation } from '../src/prediction/shadow-rotation.js';

const PAGES = 12;

/** The same by a plain list of slots. */
class PlainRotation {
  readonly slots: number[];
  misses = 0;
  next = 0;

  constructor(slots: number) {
    this.slots = new Array<number>(slots).fill(-1);
  }

  use(page: number): void {
    if (this.slots.includes(page)) return;
    this.misses++;
    this.map(page);
  }

  map(page: number): void {
    this.drop(page);
    this.slots[this.next] = page;
    this.next = (this.next + 1) % this.slots.length;
  }

  drop(page: number): void {
    const slot = this.slots.indexOf(page);
    if (slot >= 0) this.slots[slot] = -1;
  }
}

const step = fc.record({ kind: fc.constantFrom('use', 'map', 'drop'), page: fc.nat(PAGES - 1) });

test('a rotation misses when a plain list of slots, replaced in turn, misses', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 200 }), (slots, steps) => {
      let misses = 0;
      const rotation = new ShadowRotation(slots, [], PAGES, () => misses++);
      const plain = new PlainRotation(slots);
      for (const { kind, page } of steps) {
        rotation[kind as 'use' | 'map' | 'drop'](page);
        plain[kind as 'use' | 'map' | 'drop'](page);
        if (misses !== plain.misses) return false;
      }
      return true;
    }),
  );
  t.pass();
});

test('with fewer slots than it is said to hold, what would be replaced first is gone', (t) => {
  const missed: number[] = [];
  const rotation = new ShadowRotation(2, [5, 6, 7], PAGES, (page) => missed.push(page));
  for (const page of [6, 7, 5]) rotation.use(page);
  t.deepEqual(missed, [5]);
});
