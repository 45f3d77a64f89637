import {
  doubleHighOfSingle,
  doubleLowOfSingle,
  ENABLED_EXCEPTION,
  type FloatingPointUnit,
  makesCrField,
  singleOfDouble,
} from '../fpu/index.js';
import type { DcrBus } from '../hardware.js';
import { Esr, Msr, Vector } from '../isa/vectors.js';
import type { Touch } from '../mmu/access.js';
import type { TranslationLookasideBuffer } from '../mmu/translation-lookaside-buffer.js';
import type { CalloutHandlers } from '../semantics/callouts.js';
import type { DebugFacility } from './debug-facility.js';
import { RETURN_FROM } from './interrupt-entry.js';
import type { MemoryAccess } from './memory-access.js';
import type { ProcessorState } from './processor-state.js';
import { SpecialRegisters } from './special-registers.js';
import { State } from './state-layout.js';

/** The units of a processor that answer generated code. */
export interface CalloutUnits {
  readonly access: MemoryAccess;
  readonly registers: SpecialRegisters;
  readonly dcrs: DcrBus;
  readonly tlb: TranslationLookasideBuffer;
  readonly fpu: FloatingPointUnit;
  readonly debug: DebugFacility;
}

/**
 * What generated code asks of a processor, as semantics/callouts.ts lists it.
 * @param parts gives the units, which need not be there before the first call
 * @param setMsr gives MSR a value, with all that follows from it
 */
export function calloutHandlers(state: ProcessorState, parts: () => CalloutUnits, setMsr: (value: number) => void): CalloutHandlers {
  const permitted = (number: number, direction: 'read' | 'write') => {
    const row = SpecialRegisters.check(number, direction, state.isUser);
    if (typeof row !== 'string') return row;
    if (row === 'nothing') return undefined;
    state.raise(Vector.program, row === 'privileged' ? Esr.PPR : Esr.PIL);
    return undefined;
  };
  /** What RT of the running instruction holds already: the value of an SPR that is not there. */
  const targetOfMove = () => {
    const word = parts().access.wordAt(state.pc) ?? 0;
    return state.gpr((word >>> 21) & 31);
  };
  return {
    load: (ea = 0, sizeBytes = 0) => parts().access.load(ea, sizeBytes),
    store: (ea = 0, sizeBytes = 0, value = 0) => parts().access.store(ea, sizeBytes, value),
    fetch: (pc = 0) => parts().access.fetch(pc),
    touch: (ea = 0, access = 0) => parts().access.touch(ea, access as Touch),
    zeroLine: (ea = 0) => parts().access.zeroLine(ea),
    readSpr: (number = 0) => {
      const row = permitted(number, 'read');
      if (row) return parts().registers.read(row);
      return state.get(State.pendingVector) === 0 ? targetOfMove() : 0;
    },
    writeSpr: (number = 0, value = 0) => {
      const row = permitted(number, 'write');
      if (row) parts().registers.write(row, value >>> 0);
    },
    readDcr: (dcrn = 0) => parts().dcrs.read(dcrn),
    writeDcr: (dcrn = 0, value = 0) => parts().dcrs.write(dcrn, value >>> 0),
    setMsr: (value = 0) => setMsr(value),
    returnFromInterrupt: (kind = 0) => {
      const { save0, save1 } = RETURN_FROM[kind]!;
      state.pc = state.spr(save0);
      setMsr(state.spr(save1));
    },
    // As in QEMU, WS above 2 is illegal, which the manual leaves undefined; the others need nobody here (callouts/tlb-functions.ts).
    tlbRead: () => {
      state.raise(Vector.program, Esr.PIL);
      return 0;
    },
    tlbWrite: () => state.raise(Vector.program, Esr.PIL),
    tlbSearch: (ea = 0) => parts().tlb.search(ea, 0, 0),
    floatingPoint: (operation = 0, frt = 0, fra = 0, frb = 0, frc = 0) => {
      const result = parts().fpu.execute(operation, frt, fra, frb, frc);
      if (result & ENABLED_EXCEPTION && state.msr & (Msr.FE0 | Msr.FE1)) {
        // A CR field is delivered even so (PEM, fcmpo); generated code would leave before it does. frt is then BF.
        if (makesCrField(operation)) state.setCrField(frt, result & 15);
        state.raise(Vector.program, Esr.FP);
      }
      return result & 15;
    },
    loadConvert: (frt = 0, single = 0) => {
      const words = state.words;
      const place = (State.fpr >>> 2) + 2 * frt;
      words[place + 1] = doubleHighOfSingle(single >>> 0);
      words[place] = doubleLowOfSingle(single >>> 0);
    },
    storeConvert: (frs = 0) => {
      const place = (State.fpr >>> 2) + 2 * frs;
      return singleOfDouble(state.words[place + 1]!, state.words[place]!);
    },
    trapDebug: () => {
      if (!parts().debug.trap()) return 0;
      state.raise(Vector.debug);
      return 1;
    },
  };
}
