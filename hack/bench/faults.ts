/**
 * Measures what faults cost: a cluster of several machines on one wire, one fault after the other, and requests through a Service all the while.
 * For sampan, and for Docker Swarm on machines that are the same. `npm run bench -- faults swarm` runs it.
 */
import { StoreClients } from '../../test/e2e/harness/store-clients.ts';
import { openTestBed, type TestBed } from '../../test/e2e/harness/test-bed.ts';
import { violationsOf } from '../../test/model/history.ts';
import { Client } from './bench-node.ts';
import { type Fault, measureFault } from './faults/measure.ts';
import { SampanCluster } from './faults/sampan-cluster.ts';
import { sampanFaults } from './faults/sampan-faults.ts';
import { SwarmCluster } from './faults/swarm-cluster.ts';
import { swarmFaults } from './faults/swarm-faults.ts';
import { counted, type Figure, plain } from './figures.ts';
import type { Target } from './requests.ts';

export function benchmarkFaults(): Promise<Figure[]> {
  return withBed(ofSampan);
}

export function benchmarkSwarmFaults(): Promise<Figure[]> {
  return withBed(ofSwarm);
}

async function ofSwarm(bed: TestBed): Promise<Figure[]> {
  const cluster = await SwarmCluster.start(bed);
  const client = await Client.start(cluster.askedFrom);
  try {
    return await measureAll(swarmFaults(cluster), client, cluster.target);
  } finally {
    client.close();
  }
}

async function ofSampan(bed: TestBed): Promise<Figure[]> {
  const cluster = await SampanCluster.start(bed);
  const clients = await StoreClients.start(cluster.machines.masters);
  const client = await Client.start(cluster.asking.netns);
  try {
    const figures = await measureAll(sampanFaults(cluster), client, cluster.target);
    const history = await clients.stop();
    const violations = violationsOf(history);
    for (const violation of violations) process.stderr.write(`${violation}\n`);
    return [
      ...figures,
      plain('writes while all this happened', `${clients.acknowledged} acknowledged of ${history.writes.length}`),
      counted('lost, repeated or reordered writes', violations.length, 0),
    ];
  } finally {
    client.close();
  }
}

async function measureAll(faults: readonly Fault[], client: Client, target: Target): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const fault of faults) {
    process.stderr.write(`  ${fault.what} ...`);
    const figure = await measureFault(fault, client, target);
    process.stderr.write(` ${figure.value}\n`);
    figures.push(figure);
  }
  return figures;
}

async function withBed<T>(measure: (bed: TestBed) => Promise<T>): Promise<T> {
  const bed = await openTestBed();
  try {
    return await measure(bed);
  } catch (error) {
    process.stderr.write(`${bed.describeLogs()}\n`);
    throw error;
  } finally {
    await bed.close();
  }
}
