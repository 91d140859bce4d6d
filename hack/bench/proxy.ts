/**
 * Measures the service proxy over nftables: requests per second through a cluster address against direct to the pod, and against a
 * single translation rule written by hand, which is as fast as the kernel can translate; and how long
 * after a changed endpoint the first connection reaches it, each with 1 and with 2,000 Services. Run alone
 * (`node hack/bench/proxy.ts`) or by the benchmark's runner; needs root, nft, wrk and gcc. Everything happens in network namespaces.
 */
import { join } from 'node:path';
import { attempt, run } from '../../test/e2e/harness/run.ts';
import { openTestBed } from '../../test/e2e/harness/test-bed.ts';
import { testService, testSlice } from '../../test/e2e/service-proxy/objects.ts';
import {
  BRIDGE,
  createTestNode,
  NETWORK,
  NODE_PORTS,
  POD_PORT,
  type TestNode,
} from '../../test/e2e/service-proxy/test-node.ts';

export interface RequestRates {
  readonly services: number;
  readonly from: 'host' | 'pod';
  readonly connection: 'kept alive' | 'new each time';
  /** Requests per second, the median of the rounds. */
  readonly direct: number;
  readonly throughOneRule: number;
  readonly throughService: number;
  /** Of the rounds' ratios: a round measures all three ways there and back, so that a machine that slows down favours none. */
  readonly toDirect: Spread;
  readonly oneRuleToDirect: Spread;
  /** What the rules cost beyond translating. */
  readonly toOneRule: Spread;
}

export interface Spread {
  readonly median: number;
  /** Half of the rounds are between these. */
  readonly quartiles: readonly [number, number];
}

export interface ChangeLatency {
  readonly services: number;
  /** From the write of the endpoint until the first new connection reaches it, in ms. */
  readonly medianMs: number;
  readonly mostMs: number;
}

export interface ProxyFigures {
  readonly rates: readonly RequestRates[];
  readonly changes: readonly ChangeLatency[];
}

const SERVICES = [1, 2_000];
const ROUNDS = 7;
const ROUND_SECONDS = 1;
const CHANGES = 25;
/**
 * Three servers of one kind, one for each way: a server that remembers a client's port from a direct connection (TIME_WAIT) drops
 * its next one through the Service, as the client's timestamps for the two addresses differ. That is not what is measured.
 */
const HTTP_PORT = { direct: 8080, throughService: 8081, throughOneRule: 8082 };
type Way = keyof typeof HTTP_PORT;
/** Of a documentation range (RFC 5737), translated by {@link addOneRule}. */
const ONE_RULE_IP = '203.0.113.1';
/** The Service that is measured; the others have two endpoints each, too. */
const MEASURED = { name: 'measured', ip: '10.96.100.1', port: 80 };
const CHANGED = { name: 'changed', ip: '10.96.100.2', port: 80 };

export async function benchmarkProxy(): Promise<ProxyFigures> {
  const bed = await openTestBed();
  try {
    const node = await createTestNode(bed, 3);
    await startHttpServers(node, await bed.dir());
    await addOneRule(node);
    await node.agent.call('createFilter', { mode: 'nftables', options: { bridge: BRIDGE, nodePorts: NODE_PORTS } });
    await node.agent.call('startLoop', NETWORK);
    const rates: RequestRates[] = [];
    const changes: ChangeLatency[] = [];
    for (const services of SERVICES) {
      await declareServices(node, services);
      changes.push(await measureChanges(node, services));
      for (const from of ['host', 'pod'] as const) {
        for (const connection of ['kept alive', 'new each time'] as const) {
          rates.push(await measureRates(node, services, from, connection));
        }
      }
    }
    return { rates, changes };
  } finally {
    await bed.close();
  }
}

async function startHttpServers(node: TestNode, dir: string): Promise<void> {
  const binary = join(dir, 'bench-http');
  const source = join(import.meta.dirname, '../images/bench-http.c');
  await run('gcc', ['-static', '-O2', '-D_GNU_SOURCE', '-o', binary, source]);
  for (const port of Object.values(HTTP_PORT)) {
    await node.pods[0]?.netns.start(binary, [String(port)], join(dir, 'bench-http.log'));
  }
}

/** What anybody would write to translate one address, in a table of its own. */
async function addOneRule({ netns, pods }: TestNode): Promise<void> {
  const rule = `ip daddr ${ONE_RULE_IP} tcp dport 80 dnat to ${pods[0]?.ip}:${HTTP_PORT.throughOneRule}`;
  const chains = ['prerouting', 'output'].map(
    (hook) => `chain ${hook} { type nat hook ${hook} priority -100;\n${rule}\n}`,
  );
  await netns.run('nft', ['-f', '-'], { input: `table ip bench {\n${chains.join('\n')}\n}\n` });
}

async function declareServices(node: TestNode, count: number): Promise<void> {
  const [first, second] = addresses(node);
  const others = Array.from({ length: count - 1 }, (_, index) => ({
    name: `other-${index}`,
    ip: `10.96.${index >> 8}.${index & 255}`,
  }));
  const services = [
    testService(MEASURED.name, MEASURED.ip, { port: MEASURED.port }),
    testService(CHANGED.name, CHANGED.ip, { port: CHANGED.port }),
    ...others.map(({ name, ip }) => testService(name, ip, { port: 80 })),
  ];
  const endpoints = [
    testSlice(MEASURED.name, [{ ip: node.pods[0]?.ip ?? '', port: HTTP_PORT.throughService }]),
    testSlice(CHANGED.name, [first]),
    ...others.map(({ name }) => testSlice(name, [first, second])),
  ];
  await node.agent.call('setObjects', services, endpoints);
  await node.agent.call('timeChange', testSlice(CHANGED.name, [second]), CHANGED.ip, CHANGED.port, 'pod1');
}

function addresses(node: TestNode) {
  const [first, second] = node.pods.map(({ ip }) => ({ ip, port: POD_PORT }));
  if (first === undefined || second === undefined) throw new Error('the node has no pods');
  return [first, second] as const;
}

async function measureChanges(node: TestNode, services: number): Promise<ChangeLatency> {
  const tookMs: number[] = [];
  for (let change = 0; change < CHANGES; change += 1) {
    const index = change % 2;
    const endpoints = testSlice(CHANGED.name, [addresses(node)[index as 0 | 1]]);
    tookMs.push(await node.agent.call('timeChange', endpoints, CHANGED.ip, CHANGED.port, `pod${index}`));
  }
  return { services, medianMs: median(tookMs), mostMs: Math.max(...tookMs) };
}

async function measureRates(
  node: TestNode,
  services: number,
  from: RequestRates['from'],
  connection: RequestRates['connection'],
): Promise<RequestRates> {
  const client = from === 'host' ? node.netns : node.pods[2]?.netns;
  const flags = connection === 'kept alive' ? [] : ['-H', 'Connection: close'];
  const measure = async (address: string): Promise<number> => {
    // Every round starts with an empty connection table.
    await attempt('nsenter', [`--net=${node.netns.path}`, '--', 'conntrack', '-F']).catch(() => undefined);
    const wrk = ['-t1', '-c32', `-d${ROUND_SECONDS}s`, ...flags, `http://${address}/`];
    const output = (await client?.run('wrk', wrk)) ?? '';
    const errors = /Socket errors: (.*)/.exec(output);
    if (errors && connection === 'kept alive') throw new Error(`wrk at ${address}: ${errors[1]}`);
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]);
  };
  const targets: [Way, string][] = [
    ['direct', `${node.pods[0]?.ip}:${HTTP_PORT.direct}`],
    ['throughService', `${MEASURED.ip}:${MEASURED.port}`],
    ['throughOneRule', `${ONE_RULE_IP}:80`],
  ];
  const rounds: Record<Way, number>[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const rates: Record<Way, number> = { direct: 0, throughService: 0, throughOneRule: 0 };
    for (const [way, address] of [...targets, ...targets.toReversed()]) rates[way] += (await measure(address)) / 2;
    rounds.push(rates);
    targets.push(...targets.splice(0, 1));
  }
  const medianOf = (value: (rates: Record<Way, number>) => number) => median(rounds.map(value));
  const spreadOf = (value: (rates: Record<Way, number>) => number) => spread(rounds.map(value));
  return {
    services,
    from,
    connection,
    direct: medianOf(({ direct }) => direct),
    throughOneRule: medianOf(({ throughOneRule }) => throughOneRule),
    throughService: medianOf(({ throughService }) => throughService),
    toDirect: spreadOf(({ direct, throughService }) => throughService / direct),
    oneRuleToDirect: spreadOf(({ direct, throughOneRule }) => throughOneRule / direct),
    toOneRule: spreadOf(({ throughService, throughOneRule }) => throughService / throughOneRule),
  };
}

function spread(values: readonly number[]): Spread {
  return { median: median(values), quartiles: [quantile(values, 0.25), quantile(values, 0.75)] };
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.round(share * (values.length - 1))] ?? Number.NaN;
}

/** `0.968 (0.951 to 0.974)`. */
export function describeSpread({ median: middle, quartiles: [low, high] }: Spread): string {
  return `${middle.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

if (import.meta.main) {
  const { rates, changes } = await benchmarkProxy();
  console.table(
    rates.map((row) => ({
      ...row,
      direct: Math.round(row.direct),
      throughOneRule: Math.round(row.throughOneRule),
      throughService: Math.round(row.throughService),
      toDirect: describeSpread(row.toDirect),
      oneRuleToDirect: describeSpread(row.oneRuleToDirect),
      toOneRule: describeSpread(row.toOneRule),
    })),
  );
  console.table(changes.map((row) => ({ ...row, medianMs: row.medianMs.toFixed(1), mostMs: row.mostMs.toFixed(1) })));
}
