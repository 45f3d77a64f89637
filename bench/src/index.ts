/** Measuring: guests under strategies, repeated; and the program's own speed. */
export * from './bench-definition.js';
export * from './bench-guests.js';
export * from './bundled-guests.js';
export * from './console-comparison.js';
export * from './exit-rates.js';
export * from './guest-catalogue.js';
export * from './guest-run.js';
export * from './host-machine.js';
export * from './host-statistics.js';
export * from './host-suite.js';
export * from './hypervisor-choice.js';
export * from './linux-guests.js';
export * from './machine-measurement.js';
export * from './phase-recorder.js';
export * from './run-bench.js';
export * from './run-guest.js';
export * from './run-sweep.js';
