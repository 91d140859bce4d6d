/**
 * One fault, measured: how long until the cluster knows, how long until what is declared runs and is reached, how many requests were lost
 * meanwhile. The same for whatever cluster describes its faults so; nothing here knows sampan or Swarm.
 */
import type { Client } from '../bench-node.ts';
import { type Figure, plain, seconds } from '../figures.ts';
import type { Target } from '../requests.ts';

export interface Fault {
  readonly what: string;
  /** Before anything is measured. */
  prepare?(): Promise<unknown>;
  /** Gives what ends it, where it does not end by itself. */
  strike(): Promise<(() => Promise<void>) | undefined>;
  /** Resolves when the cluster knows of it. Absent where there is nothing to be known. */
  readonly noticed?: () => Promise<unknown>;
  /** Resolves when what is declared runs; a declaration may be part of it. */
  recovered(): Promise<unknown>;
  /** Only once the fault has ended: the time runs from there. */
  readonly recoversAfterwards?: boolean;
  /** Resolves when everything is as before. */
  settled(): Promise<unknown>;
  /** No request may be lost: nothing that answers was hit. */
  readonly spares?: boolean;
}

/** A request is begun so often. */
const EVERY_MS = 10;

export async function measureFault(fault: Fault, client: Client, target: Target): Promise<Figure> {
  await fault.prepare?.();
  await client.startLoad(target, { everyMs: EVERY_MS });
  let since = performance.now();
  const mend = await fault.strike();
  const timed = async (what?: Promise<unknown>) => {
    await what;
    return performance.now() - since;
  };
  const noticing = fault.noticed === undefined ? undefined : timed(fault.noticed());
  let [noticedMs, recoveredMs]: (number | undefined)[] = [];
  if (fault.recoversAfterwards) {
    noticedMs = await noticing;
    since = performance.now();
    await mend?.();
    recoveredMs = await timed(fault.recovered());
  } else {
    [noticedMs, recoveredMs] = await Promise.all([noticing, timed(fault.recovered())]);
    await mend?.();
  }
  await fault.settled();
  const { requests, failures } = await client.endLoad();
  const lost = Object.values(failures).reduce((total, count) => total + count, 0);
  const told = [
    ...(noticedMs === undefined ? [] : [`noticed ${seconds(noticedMs)}`]),
    `recovered ${seconds(recoveredMs)}`,
    `lost ${lost} of ${requests}`,
  ];
  const figure = plain(fault.what, told.join(', '));
  return fault.spares ? { ...figure, limit: 'none lost', met: lost === 0 } : figure;
}
