/** `sampan dns-standby`: what answers pods' questions for names while no daemon runs. The daemon has it started; people do not. */
import { createPinoLog } from '../adapters/pino-log.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { answerAsStandby, type StandbyConfig } from '../dns/standby/answer-as-standby.ts';

export async function dnsStandby(config: StandbyConfig, stdout: NodeJS.WriteStream): Promise<number> {
  const log = await createPinoLog({ format: 'json', level: 'info', target: stdout });
  await answerAsStandby(config, { clock: systemClock, log });
  return 0;
}
