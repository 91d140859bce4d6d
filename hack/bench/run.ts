/**
 * `npm run bench [NAME...]`: runs the benchmarks by name (all without one), each figure beside the floor of the same run, and prints
 * them as a table. `--write` adds the table to docs/benchmarks.md. Timed tests there are none: this is for people.
 */
import { appendFile } from 'node:fs/promises';
import { availableParallelism, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../../test/e2e/harness/run.ts';
import { benchmarkApi } from './api.ts';
import { benchmarkDeploys } from './deploy.ts';
import { benchmarkDns } from './dns.ts';
import { benchmarkFaults, benchmarkSwarmFaults } from './faults.ts';
import { type Figure, plain, rated, table, timed } from './figures.ts';
import { benchmarkProxy, describeSpread } from './proxy.ts';
import { benchmarkRepairs } from './repair.ts';
import { benchmarkRest } from './rest.ts';
import { benchmarkRollouts } from './rollout.ts';
import { benchmarkRolloutsInARow } from './rollouts.ts';
import { benchmarkScale } from './scale.ts';
import { benchmarkStarts } from './start.ts';
import { benchmarkStores } from './store.ts';

const BENCHMARKS: Readonly<Record<string, (rounds: number) => Promise<Figure[]>>> = {
  deploy: benchmarkDeploys,
  repair: benchmarkRepairs,
  rollout: benchmarkRollouts,
  rollouts: benchmarkRolloutsInARow,
  start: benchmarkStarts,
  rest: benchmarkRest,
  proxy: proxyFigures,
  store: storeFigures,
  api: benchmarkApi,
  dns: benchmarkDns,
  scale: benchmarkScale,
  faults: benchmarkFaults,
  swarm: benchmarkSwarmFaults,
};

const KEPT_ALIVE_AT_LEAST = 0.97;
const NEW_CONNECTIONS_AT_LEAST = 0.95;
const ROUTED_WITHIN_MS = 50;

async function proxyFigures(): Promise<Figure[]> {
  const { rates, changes } = await benchmarkProxy();
  return [
    ...rates.flatMap(({ services, from, connection, ...rate }) => {
      const what = `requests from a ${from}, connection ${connection}, ${services} services`;
      const least = connection === 'kept alive' ? KEPT_ALIVE_AT_LEAST : NEW_CONNECTIONS_AT_LEAST;
      return [
        {
          ...rated(what, rate.toDirect.median, least),
          ratio: describeSpread(rate.toDirect),
          value: `${Math.round(rate.throughService)}/s`,
          floor: `${Math.round(rate.direct)}/s`,
        },
        {
          ...plain('the same against one rule written by hand', `${Math.round(rate.throughService)}/s`),
          ratio: describeSpread(rate.toOneRule),
          floor: `${Math.round(rate.throughOneRule)}/s`,
        },
      ];
    }),
    ...changes.map(({ services, medianMs }) =>
      timed(`changed endpoint routed, ${services} services`, [medianMs], ROUTED_WITHIN_MS),
    ),
  ];
}

async function storeFigures(): Promise<Figure[]> {
  const figures = await benchmarkStores();
  return figures.map(({ store, writers, creates, totalMs, writesPerSecond }) =>
    plain(
      `${creates} creates and their watch, ${store}, ${writers} writers`,
      `${Math.round(totalMs)} ms, ${Math.round(writesPerSecond)}/s`,
    ),
  );
}

const usage = `usage: npm run bench -- [${Object.keys(BENCHMARKS).join('|')}]... [--rounds 5] [--write]`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS);
  const rounds = Number(values.rounds);
  if (values.help || !(rounds > 0) || names.some((name) => !Object.hasOwn(BENCHMARKS, name))) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  const figures: Figure[] = [];
  for (const name of names) {
    process.stderr.write(`${name} ...\n`);
    figures.push(...((await BENCHMARKS[name]?.(rounds)) ?? []));
  }
  const report = table(figures);
  process.stdout.write(`${report}\n`);
  if (values.write) {
    const file = join(import.meta.dirname, '../../docs/benchmarks.md');
    await appendFile(file, `\n### ${await describeMachine()}\n\n${report}\n`);
  }
  return figures.every(({ met }) => met) ? 0 : 1;
}

/** `2026-11-23, 2 cores, dockerd 20.10.24, kernel 6.18.5`. */
async function describeMachine(): Promise<string> {
  const docker = /version ([\d.]+)/.exec(await run('dockerd', ['--version']))?.[1] ?? '?';
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, ${availableParallelism()} cores, dockerd ${docker}, kernel ${release()}`;
}

process.exitCode = await main();
