import { constant, type HostRoutineBuilder, type I32 } from '@exitlab/core';
import { HostCell } from '../host-area.js';
import { Msr } from '../registers.js';
import type { MappingLimits } from '../shadow-tlb.js';
import type { ExitRoutineOptions } from './exit-code.js';
import { ReflectedCode } from './reflected-code.js';
import { type SearchResult, ShadowCode } from './shadow-code.js';

export interface FaultRoutineOptions extends ExitRoutineOptions {
  readonly limits: MappingLimits;
  /** Code patched from outside knows of places in the guest kernel that an interrupt must not show, and of pages not to be stored to. */
  readonly hasPatchedCode: boolean;
}

/** Accesses to data and fetches of instructions that the TLB did not serve. */
export abstract class FaultCode<Options extends FaultRoutineOptions> extends ReflectedCode<Options> {
  protected readonly isData: boolean;
  protected readonly shadow: ShadowCode;

  constructor(b: HostRoutineBuilder, kind: 'data' | 'instruction', options: Options) {
    super(b, options);
    this.isData = kind === 'data';
    this.shadow = new ShadowCode(this, options.limits);
  }

  /** The address of the access, pinned. */
  protected faultAddress(): I32 {
    return this.b.let(this.isData ? this.b.faultAddress() : this.b.interruptedPc());
  }

  /** Searches the guest's TLB for the address of an access by a guest whose MSR is `msr`. Both are pinned. */
  protected search(ea: I32, msr: I32): SearchResult {
    const { b } = this;
    const space = b.let(b.ne(b.and(msr, constant(this.isData ? Msr.DS : Msr.IS)), constant(0)));
    return this.shadow.search(ea, b.let(this.cell(HostCell.pid)), space);
  }
}
