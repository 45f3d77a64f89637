import { HostCell } from '../host-area.js';
import type { ByteChannels } from '../hypercalls.js';
import { Mmucr, Spr } from '../registers.js';
import { SharedField } from '../shared-page.js';
import type { Timers } from '../timers.js';
import type { Vcpu } from '../vcpu.js';
import type { RegisterPlace } from './inline-emulation.js';

/** What emulated instructions work on. */
export interface EmulationContext {
  readonly vcpu: Vcpu;
  readonly timers: Timers;
  /** The console by hypercall, if the machine has one. */
  readonly byteChannels?: ByteChannels | undefined;
  /** Timebase ticks between an exit and the moment at which a timer set by it starts; from the cost profile. */
  readonly timerStartDelayTicks: number;
}

/** One SPR as the guest kernel finds it. */
export interface SprRow {
  readonly sprn: number;
  readonly name: string;
  readonly read?: (context: EmulationContext) => number;
  readonly write?: (context: EmulationContext, value: number) => void;
  /** Which accesses KVM 3.4 does not know; they count under a type of our own. */
  readonly filled?: 'both' | 'read' | 'write';
  /** A write does more than keep the value: what work that is depends on the state of things. */
  readonly writeTakesWork?: true;
  /** Where its value lies, if it is a plain word. */
  readonly place?: RegisterPlace;
  /** The hardware's SPR holds what is written to it, too. */
  readonly inHardware?: true;
}

function shared(sprn: number, name: string, field: SharedField): SprRow {
  return {
    sprn,
    name,
    place: { field },
    read: ({ vcpu }) => vcpu.shared.get(field),
    write: ({ vcpu }, value) => vcpu.shared.set(field, value),
  };
}

/** SPRG4 to SPRG7: the hardware has them too, since user code reads them without a trap under numbers of their own. */
function userReadableSprg(sprn: number, name: string, field: SharedField): SprRow {
  return {
    sprn,
    name,
    place: { field },
    inHardware: true,
    read: ({ vcpu }) => vcpu.shared.get(field),
    write: ({ vcpu }, value) => {
      vcpu.shared.set(field, value);
      vcpu.writeUserReadableSprg(sprn, value);
    },
    filled: 'read',
  };
}

/** A register that holds what is written to it and does nothing. */
function stored(sprn: number, name: string, filled?: 'both'): SprRow {
  const row: SprRow = {
    sprn,
    name,
    read: ({ vcpu }) => vcpu.storedSprs.get(sprn) ?? 0,
    write: ({ vcpu }, value) => void vcpu.storedSprs.set(sprn, value),
  };
  return filled === undefined ? row : { ...row, filled };
}

/** A read-only register of the chip, shown as it is. */
function hardware(sprn: number, name: string): SprRow {
  return { sprn, name, read: ({ vcpu }) => vcpu.processor.readSpr(sprn) ?? 0, filled: 'both' };
}

function numbered(base: number, count: number, make: (sprn: number, index: number) => SprRow): SprRow[] {
  return Array.from({ length: count }, (_, index) => make(base + index, index));
}

const TWO_TO_32 = 0x1_0000_0000;

const ROWS: readonly SprRow[] = [
  shared(Spr.SRR0, 'SRR0', SharedField.srr0),
  shared(Spr.SRR1, 'SRR1', SharedField.srr1),
  shared(Spr.SPRG0, 'SPRG0', SharedField.sprg0),
  shared(Spr.SPRG1, 'SPRG1', SharedField.sprg1),
  shared(Spr.SPRG2, 'SPRG2', SharedField.sprg2),
  shared(Spr.SPRG3, 'SPRG3', SharedField.sprg3),
  userReadableSprg(Spr.SPRG4, 'SPRG4', SharedField.sprg4),
  userReadableSprg(Spr.SPRG5, 'SPRG5', SharedField.sprg5),
  userReadableSprg(Spr.SPRG6, 'SPRG6', SharedField.sprg6),
  userReadableSprg(Spr.SPRG7, 'SPRG7', SharedField.sprg7),
  shared(Spr.DEAR, 'DEAR', SharedField.dear),
  shared(Spr.ESR, 'ESR', SharedField.esr),
  { sprn: Spr.PIR, name: 'PIR', read: ({ vcpu }) => vcpu.shared.get(SharedField.pir) },
  { sprn: Spr.PVR, name: 'PVR', read: ({ vcpu }) => vcpu.processor.readSpr(Spr.PVR) ?? 0 },
  // KVM reads the halves the other way round and ignores writes: the timebase is the host's.
  {
    sprn: Spr.TBLW,
    name: 'TBLW',
    read: ({ vcpu }) => Math.floor(vcpu.processor.clock.timebase / TWO_TO_32) >>> 0,
    write: () => {},
  },
  { sprn: Spr.TBUW, name: 'TBUW', read: ({ vcpu }) => Math.floor(vcpu.processor.clock.timebase) % TWO_TO_32, write: () => {} },
  {
    sprn: Spr.DEC,
    name: 'DEC',
    read: ({ timers }) => timers.readDec(),
    write: ({ vcpu, timers, timerStartDelayTicks }, value) => timers.writeDec(value, timerStartDelayTicks, vcpu.work),
    writeTakesWork: true,
  },
  {
    sprn: Spr.DECAR,
    name: 'DECAR',
    read: ({ timers }) => timers.decar,
    write: ({ timers }, value) => {
      timers.decar = value;
    },
    filled: 'both',
  },
  {
    sprn: Spr.TSR,
    name: 'TSR',
    read: ({ timers }) => timers.readTsr(),
    write: ({ vcpu, timers }, value) => timers.clearTsr(value, vcpu),
    writeTakesWork: true,
  },
  {
    sprn: Spr.TCR,
    name: 'TCR',
    read: ({ timers }) => timers.tcr,
    write: ({ vcpu, timers }, value) => timers.writeTcr(value, vcpu),
    writeTakesWork: true,
  },
  {
    sprn: Spr.PID,
    name: 'PID',
    place: { cell: HostCell.pid },
    read: ({ vcpu }) => vcpu.pid,
    write: ({ vcpu }, value) => vcpu.setPid(value),
    writeTakesWork: true,
  },
  shared(Spr.MMUCR, 'MMUCR', SharedField.mmucr),
  {
    sprn: Spr.IVPR,
    name: 'IVPR',
    read: ({ vcpu }) => vcpu.ivpr,
    write: ({ vcpu }, value) => {
      vcpu.ivpr = value;
    },
  },
  ...numbered(Spr.IVOR0, 16, (sprn, index) => ({
    sprn,
    name: `IVOR${index}`,
    read: ({ vcpu }) => vcpu.ivor[index] as number,
    write: ({ vcpu }, value) => {
      vcpu.ivor[index] = value;
    },
  })),
  stored(Spr.CCR0, 'CCR0'),
  stored(Spr.CCR1, 'CCR1'),
  {
    sprn: Spr.DBCR0,
    name: 'DBCR0',
    read: ({ vcpu }) => vcpu.dbcr0,
    write: ({ vcpu }, value) => {
      vcpu.dbcr0 = value;
    },
    writeTakesWork: true,
  },
  stored(Spr.DBCR1, 'DBCR1'),
  {
    sprn: Spr.DBSR,
    name: 'DBSR',
    read: ({ vcpu }) => vcpu.dbsr,
    write: ({ vcpu }, value) => {
      vcpu.dbsr = (vcpu.dbsr & ~value) >>> 0;
    },
  },
  {
    sprn: Spr.CSRR0,
    name: 'CSRR0',
    read: ({ vcpu }) => vcpu.csrr0,
    write: ({ vcpu }, value) => {
      vcpu.csrr0 = value;
    },
    filled: 'both',
  },
  {
    sprn: Spr.CSRR1,
    name: 'CSRR1',
    read: ({ vcpu }) => vcpu.csrr1,
    write: ({ vcpu }, value) => {
      vcpu.csrr1 = value;
    },
    filled: 'both',
  },
  {
    sprn: Spr.MCSRR0,
    name: 'MCSRR0',
    read: ({ vcpu }) => vcpu.mcsrr0,
    write: ({ vcpu }, value) => {
      vcpu.mcsrr0 = value;
    },
    filled: 'both',
  },
  {
    sprn: Spr.MCSRR1,
    name: 'MCSRR1',
    read: ({ vcpu }) => vcpu.mcsrr1,
    write: ({ vcpu }, value) => {
      vcpu.mcsrr1 = value;
    },
    filled: 'both',
  },
  {
    sprn: Spr.MCSR,
    name: 'MCSR',
    read: ({ vcpu }) => vcpu.mcsr,
    write: ({ vcpu }, value) => {
      vcpu.mcsr = (vcpu.mcsr & ~value) >>> 0;
    },
    filled: 'both',
  },
  stored(Spr.DBCR2, 'DBCR2', 'both'),
  ...numbered(Spr.IAC1, 4, (sprn, index) => stored(sprn, `IAC${index + 1}`, 'both')),
  ...numbered(Spr.DAC1, 2, (sprn, index) => stored(sprn, `DAC${index + 1}`, 'both')),
  ...numbered(Spr.DVC1, 2, (sprn, index) => stored(sprn, `DVC${index + 1}`, 'both')),
  ...numbered(Spr.INV0, 4, (sprn, index) => stored(sprn, `INV${index}`, 'both')),
  ...numbered(Spr.ITV0, 4, (sprn, index) => stored(sprn, `ITV${index}`, 'both')),
  ...numbered(Spr.DNV0, 4, (sprn, index) => stored(sprn, `DNV${index}`, 'both')),
  ...numbered(Spr.DTV0, 4, (sprn, index) => stored(sprn, `DTV${index}`, 'both')),
  stored(Spr.DVLIM, 'DVLIM', 'both'),
  stored(Spr.IVLIM, 'IVLIM', 'both'),
  stored(Spr.DBDR, 'DBDR', 'both'),
  hardware(Spr.RSTCFG, 'RSTCFG'),
  hardware(Spr.DCDBTRL, 'DCDBTRL'),
  hardware(Spr.DCDBTRH, 'DCDBTRH'),
  hardware(Spr.ICDBTRL, 'ICDBTRL'),
  hardware(Spr.ICDBTRH, 'ICDBTRH'),
  hardware(Spr.ICDBDR, 'ICDBDR'),
];

/** Privileged SPRs of the 440 by number. */
export const SPR_TABLE: ReadonlyMap<number, SprRow> = new Map(ROWS.map((row) => [row.sprn, row]));

/** MMUCR fields as `tlbwe` and `tlbsx` use them. */
export const searchPid = (mmucr: number): number => mmucr & Mmucr.STID;
export const searchSpace = (mmucr: number): 0 | 1 => ((mmucr & Mmucr.STS) === 0 ? 0 : 1);
