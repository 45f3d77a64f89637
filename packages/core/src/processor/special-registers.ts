import { SPR_NUMBERS, SPRN_PRIVILEGED, SPRS, type SprRow, sprByNumber, sprn } from '../isa/special-purpose-registers.js';
import type { ModelledClock } from './modelled-clock.js';
import type { ProcessorState } from './processor-state.js';
import { State } from './state-layout.js';
import type { Timers } from './timers.js';

/** What writing an SPR does beyond storing it; the processor supplies these. */
export interface RegisterEffects {
  pidChanged(): void;
  debugControlChanged(): void;
  timersChanged(): void;
}

/** How a computed or effective register reads and writes. */
interface RegisterCode {
  read?: () => number;
  write?: (value: number) => void;
}

/** The special-purpose registers by number: the table of the ISA, with code for those that are more than a word of storage. */
export class SpecialRegisters {
  readonly #state: ProcessorState;
  readonly #code: readonly (RegisterCode | undefined)[];

  constructor(state: ProcessorState, clock: ModelledClock, timers: Timers, effects: RegisterEffects) {
    this.#state = state;
    const stored = (name: string, changed: () => void): RegisterCode => ({
      write: (value) => {
        state.setSpr(sprn(name), value);
        changed();
      },
    });
    /** Ones clear; zeros leave alone. */
    const oneClears = (name: string): RegisterCode => ({
      read: () => state.spr(sprn(name)),
      write: (value) => state.setSpr(sprn(name), state.spr(sprn(name)) & ~value),
    });
    const timebaseHalf = (high: boolean): RegisterCode => ({
      read: () => (high ? clock.timebaseUpper : clock.timebaseLower),
      write: (value) => {
        const before = clock.countedTimebase;
        clock.setTimebase(high ? value : clock.timebaseUpper, high ? clock.timebaseLower : value);
        timers.timebaseWritten(before);
        effects.timersChanged();
      },
    });
    const timer = (code: RegisterCode): RegisterCode => ({
      ...code,
      ...(code.write && {
        write: (value: number) => {
          code.write!(value);
          effects.timersChanged();
        },
      }),
    });
    const byName: Record<string, RegisterCode> = {
      XER: {
        read: () => state.xer,
        write: (value) => {
          state.xer = value;
        },
      },
      LR: { read: () => state.get(State.lr), write: (value) => state.set(State.lr, value) },
      CTR: { read: () => state.get(State.ctr), write: (value) => state.set(State.ctr, value) },
      DEC: timer({
        read: () => timers.decrementer,
        write: (value) => {
          timers.decrementer = value;
        },
      }),
      DECAR: timer({
        write: (value) => {
          timers.decar = value;
        },
      }),
      TSR: timer({ read: () => timers.tsr, write: (value) => timers.clearTsr(value) }),
      TCR: timer({
        read: () => timers.tcr,
        write: (value) => {
          timers.tcr = value;
        },
      }),
      TBL: timebaseHalf(false),
      TBU: timebaseHalf(true),
      TBLW: timebaseHalf(false),
      TBUW: timebaseHalf(true),
      DBSR: oneClears('DBSR'),
      MCSR: oneClears('MCSR'),
      PID: stored('PID', () => effects.pidChanged()),
    };
    const code = new Map(Object.entries(byName).map(([name, each]) => [sprn(name), each]));
    for (const row of SPRS) {
      if (row.storage === 'effect' && !code.has(row.sprn))
        code.set(
          row.sprn,
          stored(row.name, () => effects.debugControlChanged()),
        );
    }
    this.#code = Array.from({ length: SPR_NUMBERS }, (_, number) => code.get(number));
  }

  /**
   * The row of an SPR that an instruction in this state may read (or write); otherwise what happens. Users get Program (privileged) for
   * the supervisor's numbers, whether the register exists or not, and Program (illegal) for others (PPC440x5 UM, section 6.5.7). For the
   * supervisor a register that is not there is undefined; as in QEMU, nothing happens.
   */
  static check(number: number, direction: 'read' | 'write', user: boolean): SprRow | 'privileged' | 'illegal' | 'nothing' {
    if (user && number & SPRN_PRIVILEGED) return 'privileged';
    const row = sprByNumber(number);
    const privilege = row?.[direction];
    if (!row || !privilege) return user ? 'illegal' : 'nothing';
    return user && privilege !== 'user' ? 'illegal' : row;
  }

  read(row: SprRow): number {
    return this.#code[row.sprn]?.read?.() ?? this.#state.spr(row.storedAt ?? row.sprn);
  }

  write(row: SprRow, value: number): void {
    const masked = row.mask === undefined ? value : (value & row.mask) >>> 0;
    const write = this.#code[row.sprn]?.write;
    if (write) write(masked);
    else this.#state.setSpr(row.storedAt ?? row.sprn, masked);
  }
}
