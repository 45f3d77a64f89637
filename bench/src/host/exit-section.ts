import { EVENT_PROGRAMS } from './event-programs.js';
import { OUR_EVENTS, secondsAnEvent } from './event-section.js';
import { measureInterleaved } from './host-measurements.js';
import { figure, type HostSection } from './host-section.js';
import { HOST_TARGETS } from './host-targets.js';
import { exitlab } from './peers.js';

/** Exits that the hypervisor handles a second, of the kind that real guests make most. */
export const exitSection: HostSection = {
  name: 'exits',
  meaning: 'emulated mfspr exits handled a second',
  share: 1,
  async measure({ scratchFolder }, repetition) {
    const program = EVENT_PROGRAMS.find(({ name }) => name === 'mfspr')!;
    const event = secondsAnEvent(exitlab('trap'), program, OUR_EVENTS, scratchFolder, repetition.secondsNow);
    const samples = await measureInterleaved([event], repetition);
    const rates = samples.get(event.key)?.map((seconds) => 1 / seconds);
    return [figure('emulated mfspr exits handled a second', '1/s', rates, HOST_TARGETS.exitsASecond)];
  },
};
