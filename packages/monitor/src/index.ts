/** What a patch plan is made of, for those that show it. */
export { kernelInstruction, type PatchPlan, SymbolIndex } from '@exitlab/pv-patcher';
export { BAMBOO } from './board/bamboo.js';
export { BambooBoard, type BambooOptions } from './board/bamboo-board.js';
export { type BootPlan, type BootRequest, planBoot } from './board/bamboo-boot.js';
export { bambooDeviceTree, flattenForBamboo, type HypervisorAnnouncement } from './board/bamboo-device-tree.js';
export { applyEntryState, applyGuestEntryState, type EntryPoint } from './board/entry-state.js';
export { checkMemorySize } from './board/memory-size.js';
export { type ConsoleInput, noInput, StreamInput } from './console/console-input.js';
export { ConsoleLog, type ConsoleLogOptions } from './console/console-log.js';
export type { PanicKind, PanicSign } from './console/panic-signs.js';
export type { UnclaimedAccess } from './devices/address-map.js';
export { UserError, type UserErrorKind } from './errors.js';
export { type ImageSymbol, parseElf, readSymbols } from './images/elf.js';
export type { GuestImage, ImageSegment } from './images/guest-image.js';
export { parseKernel } from './images/kernel.js';
export { loadPlaced, type PlacedImage } from './images/placement.js';
export { rawImage } from './images/raw.js';
export { parseUImage } from './images/uimage.js';
export {
  kernelForStrategy,
  PATCH_TIMES,
  type PatchedKernel,
  type PatchTime,
  patchKernel,
  planKernelPatches,
  SHARED_PAGE_LAYOUT,
} from './machine/kernel-patching.js';
export { Machine, type MachineOptions, type MachineRun } from './machine/machine.js';
export { STRATEGIES, type StrategyName, type StrategyRow, strategyByName } from './machine/strategy.js';
export { type FaultWatch, NativeGuest } from './run-control/native-guest.js';
export { describeRunEnd, type RunEnd } from './run-control/run-end.js';
export { type RunLimits, type RunRequest, runToEnd } from './run-control/run-loop.js';
export type { EndlessFault, GuestFailure, Runnable, RunOutcome } from './run-control/runnable.js';
export type { GuestWatch } from './run-control/watched-guest.js';
