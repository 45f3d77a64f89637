/**
 * The shadow TLB of Linux 3.4's KVM for the 440, written down as plainly as its rules read (oracle README, reference notes), to judge
 * the real implementation by. It shares no code with it and knows nothing of hardware: it only answers which accesses miss.
 */
export interface NaiveGuestEntry {
  valid: boolean;
  firstPage: number;
  pages: number;
  physicalPage: number;
  tid: number;
  userPermission: boolean;
  supervisorPermission: boolean;
}

interface NaiveMapping {
  page: number;
  guestEntry: number;
  kernelPid: boolean;
  permitted: boolean;
  usable: boolean;
}

export class NaiveKvm {
  readonly guestTlb: NaiveGuestEntry[] = [];
  readonly slots: (NaiveMapping | undefined)[] = [];
  next = 0;
  pid = 0;
  userMode = false;
  readonly ramPages: number;

  constructor(ramPages: number) {
    this.ramPages = ramPages;
    for (let i = 0; i < 64; i++) {
      this.guestTlb.push({
        valid: false,
        firstPage: 0,
        pages: 1,
        physicalPage: 0,
        tid: 0,
        userPermission: false,
        supervisorPermission: false,
      });
    }
    for (let i = 0; i < 63; i++) this.slots.push(undefined);
  }

  /** A new mapping takes the next slot, whatever is in it; the guest's present mode chooses the permission. */
  map(page: number, guestEntry: number): void {
    const entry = this.guestTlb[guestEntry] as NaiveGuestEntry;
    this.slots[this.next] = {
      page,
      guestEntry,
      kernelPid: entry.tid === 0,
      permitted: this.userMode ? entry.userPermission : entry.supervisorPermission,
      usable: entry.tid === 0 || entry.tid === this.pid,
    };
    this.next = this.next === 62 ? 0 : this.next + 1;
  }

  /** One `tlbwe`: a valid entry loses its mappings; one that is valid afterwards and maps RAM is mapped at once, first page only. */
  tlbwe(guestEntry: number, change: Partial<NaiveGuestEntry>): void {
    const entry = this.guestTlb[guestEntry] as NaiveGuestEntry;
    if (entry.valid) {
      for (let i = 0; i < 63; i++) if (this.slots[i]?.guestEntry === guestEntry) this.slots[i] = undefined;
    }
    Object.assign(entry, change);
    if (entry.valid && entry.physicalPage < this.ramPages) this.map(entry.firstPage, guestEntry);
  }

  /** A new PID drops what has a guest TID. */
  setPid(pid: number): void {
    if (pid === this.pid) return;
    this.pid = pid;
    for (let i = 0; i < 63; i++) if (this.slots[i]?.kernelPid === false) this.slots[i] = undefined;
  }

  /** A data access: what exit does it make? The guest kernel sees all mappings, the guest's user only those with a TID. */
  touch(page: number): 'none' | 'DSI' | 'DTLBVIRT' | 'DTLBREAL' {
    for (const mapping of this.slots) {
      if (mapping === undefined || mapping.page !== page || !mapping.usable) continue;
      if (this.userMode && mapping.kernelPid) continue;
      return mapping.permitted ? 'none' : 'DSI';
    }
    for (let i = 0; i < 64; i++) {
      const entry = this.guestTlb[i] as NaiveGuestEntry;
      if (!entry.valid) continue;
      if (page < entry.firstPage || page >= entry.firstPage + entry.pages) continue;
      if (entry.tid !== 0 && entry.tid !== this.pid) continue;
      this.map(page, i);
      return 'DTLBVIRT';
    }
    return 'DTLBREAL';
  }
}
