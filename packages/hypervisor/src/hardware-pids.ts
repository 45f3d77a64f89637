const HARDWARE_PIDS = 255;

/** Hands out hardware PIDs 1 to 255, one for each guest PID and mode; when all are taken, the one handed out first passes on. */
export class HardwarePids {
  readonly #byUse = new Map<number, number>();

  /** The PID for a mode of a guest PID; `onReuse` is told of one that has served another until now. */
  of(userMode: boolean, guestPid: number, onReuse: (hardwarePid: number) => void): number {
    const use = (guestPid << 1) | (userMode ? 1 : 0);
    const known = this.#byUse.get(use);
    if (known !== undefined) return known;
    const [oldest] = this.#byUse;
    const isFull = this.#byUse.size === HARDWARE_PIDS && oldest !== undefined;
    const hardwarePid = isFull ? oldest[1] : this.#byUse.size + 1;
    if (isFull) {
      this.#byUse.delete(oldest[0]);
      onReuse(hardwarePid);
    }
    this.#byUse.set(use, hardwarePid);
    return hardwarePid;
  }
}
