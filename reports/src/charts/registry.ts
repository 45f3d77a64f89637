import type { Chart } from './chart.js';
import { exitParts } from './exit-parts.js';
import { exitsAvoided } from './exits-avoided.js';
import { exitsByType } from './exits-by-type.js';
import { hostTime } from './host-time.js';
import { slowdown } from './slowdown.js';
import { timeShare } from './time-share.js';

/** Every chart of a report, in its order. To add a chart, write its file and add its row. */
export const CHARTS: readonly Chart[] = [slowdown, timeShare, exitsByType, exitParts, exitsAvoided, hostTime];
