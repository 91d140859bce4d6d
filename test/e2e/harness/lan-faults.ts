/**
 * What happens to a machine's cable: it is cut, in one direction or in both, or what the machine sends is delayed and lost in part. Tests and
 * benchmarks of faults call it; the machine itself notices nothing but silence, and its own firewall is left alone.
 */
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import type { Machine } from './machines.ts';
import type { Lan } from './netns.ts';
import { run } from './run.ts';

/** From the machine's side: it hears nothing, nobody hears it, or both. */
export type Cut = 'deaf' | 'mute' | 'both';

/** Where the cable ends. */
type Plugged = Pick<Machine, 'address' | 'netns'>;

const TABLE = 'sampan-e2e-cut';

/** Gives what mends it. */
export async function cut(
  { outside, portOf }: Lan,
  { address, netns }: Plugged,
  how: Cut,
): Promise<() => Promise<void>> {
  const places = [
    ...(how === 'mute' ? [] : [{ where: netns, device: 'eth0' }]),
    ...(how === 'deaf' ? [] : [{ where: outside, device: portOf(address).port }]),
  ];
  for (const { where, device } of places) {
    const chain = `type filter hook ingress device "${device}" priority 0; policy drop;`;
    await where.run('nft', ['-f', '-'], { input: `table netdev ${TABLE} {\nchain in {\n${chain}\n}\n}\n` });
  }
  return async () => {
    for (const { where } of places) await where.run('nft', ['delete', 'table', 'netdev', TABLE]);
  };
}

export interface Slowness {
  readonly delayMs: number;
  readonly lossPercent: number;
}

/** Of all that these machines send. As netem does it, which not every kernel has. `dir`: for what is built. Gives what mends it. */
export async function slow(
  { outside, portOf }: Lan,
  machines: readonly Plugged[],
  { delayMs, lossPercent }: Slowness,
  dir: string,
): Promise<() => Promise<void>> {
  const program = join(dir, 'slow-wire');
  const source = join(import.meta.dirname, 'slow-wire.c');
  await run('gcc', ['-O2', '-Wall', '-Wextra', '-D_GNU_SOURCE', '-o', program, source]);
  const mends = await Promise.all(
    machines.map(async ({ address }) => {
      const { port, bridge } = portOf(address);
      const tap = `slow-${port}`;
      const args = [port, tap, String(delayMs), String(lossPercent)];
      const wire = await outside.start(program, args, join(dir, `${tap}.log`));
      await eventually(() => wire.readLog().includes('ready'), { describe: 'the slow wire' });
      await outside.run('ip', ['link', 'set', tap, 'master', bridge, 'up']);
      // It would answer for the machine outside otherwise.
      await outside.run('ip', ['link', 'set', port, 'nomaster', 'arp', 'off']);
      return async () => {
        await wire.stop('SIGKILL');
        await outside.run('ip', ['link', 'set', port, 'master', bridge, 'arp', 'on']);
      };
    }),
  );
  return async () => void (await Promise.all(mends.map((mend) => mend())));
}
