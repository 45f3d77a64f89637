/** Result files: what is in them, how they are validated, written and exported. */
export * from './bench-result.js';
export * from './end-reasons.js';
export * from './exit-statistics.js';
export * from './exits-csv.js';
export * from './host-bench-result.js';
export * from './kvm-timing.js';
export * from './layouts-result.js';
export * from './measurement.js';
export * from './paths-result.js';
export * from './prediction.js';
export * from './profile.js';
export * from './result-file.js';
export * from './run-result.js';
export * from './sweep-result.js';
export {
  ExitTraceFile,
  type TraceOrigin,
  type TraceRecorder,
  type TraceRecordLayout,
  type TraceRecordPlace,
} from './trace/exit-trace-file.js';
