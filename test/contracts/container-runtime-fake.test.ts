/** The fake runtime keeps the contract of container runtimes, so that scenarios on it mean something. */
import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import { systemClock } from '../../daemon/adapters/system-clock.ts';
import { FakeProcess } from '../fakes/fake-process.ts';
import { FakeRuntime } from '../fakes/fake-runtime.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { containerRuntimeContract } from './container-runtime.ts';

const copy = async (process: FakeProcess) => {
  for await (const data of process.stdin) process.write('stdout', data);
  return 0;
};

describe('container runtime: fake', () => {
  const runtime = new FakeRuntime({ clock: systemClock, random: new SeededRandom() });
  const images = {
    server: {},
    stubborn: { onSigterm: 'ignore' },
    failing: { exitCode: 3 },
    talking: {
      output: [
        { stream: 'stdout', text: 'one\n' },
        { stream: 'stdout', text: 'two\n' },
        { stream: 'stderr', text: 'oops\n' },
      ],
    },
    busy: { cores: 1 },
    broken: {},
    tools: {
      programs: {
        copy,
        fail: async (process: FakeProcess) => {
          process.write('stdout', 'out\n');
          process.write('stderr', 'err\n');
          return 3;
        },
        stay: FakeProcess.idle,
        size: async (process: FakeProcess) => {
          for await (const _ of process.stdin) break;
          const { height, width } = process.sizes.at(-1) ?? {};
          process.write('stdout', `${height} ${width}\r\n`);
          return 0;
        },
      },
      onAttach: copy,
      servers: { 7: (connection: Duplex) => void connection.pipe(connection) },
    },
    reader: { onAttach: copy },
  } as const;
  for (const [name, image] of Object.entries(images)) runtime.addImage(`${name}:1`, image);
  runtime.startFailures.set('broken:1', 'exec: "/nope": no such file or directory');

  containerRuntimeContract(() => ({
    runtime,
    server: { image: 'server:1' },
    stubborn: { image: 'stubborn:1' },
    failing: { image: 'failing:1' },
    talking: { image: 'talking:1' },
    busy: { image: 'busy:1' },
    broken: { image: 'broken:1' },
    tools: { image: 'tools:1' },
    reader: { image: 'reader:1' },
    commands: { copy: ['copy'], fail: ['fail'], stay: ['stay'], size: ['size'] },
    countStaying: async (id) => runtime.processesOf(id).filter(({ spec }) => spec.command[0] === 'stay').length,
    build: async (name) => runtime.addImage(name),
    tag: async (name, other) => runtime.addImage(other, { id: (await runtime.image(name))?.id ?? '' }),
    stopEngine: async () => runtime.goDown(),
    startEngine: async () => runtime.comeBack(),
  }));

  it('lets containers end, and survive the engine, on request', async () => {
    await runtime.ensureNetwork({ name: 'pods', bridge: 'pods0', subnet: '10.1.0.0/29' });
    const spec = { image: 'server:1', labels: {}, network: { kind: 'network', name: 'pods' } } as const;
    const id = await runtime.create({ ...spec, name: 'survivor' });
    const { ip } = await runtime.start(id);
    runtime.goDown();
    runtime.comeBack({ liveRestore: true });
    assert.equal((await runtime.inspect(id))?.state, 'running');
    runtime.exit(id, 137, { oomKilled: true });
    const { state, exitCode, oomKilled } = (await runtime.inspect(id)) ?? {};
    assert.deepEqual({ state, exitCode, oomKilled }, { state: 'exited', exitCode: 137, oomKilled: true });
    const next = await runtime.create({ ...spec, name: 'next' });
    assert.equal((await runtime.start(next)).ip, ip);
  });

  it('shares one pull among all who ask, and calls it off when the last one left', async () => {
    runtime.registry.images.set('shared:1', { sizeBytes: 10 });
    runtime.registry.latencyMs = 20;
    const [one, other] = [new AbortController(), new AbortController()];
    const progress: number[] = [];
    const pulls = [one, other].map(({ signal }) => runtime.pull('shared:1', (p) => progress.push(p.current), signal));
    one.abort();
    await assert.rejects(pulls[0] as Promise<unknown>, { name: 'AbortError' });
    assert.deepEqual((await pulls[1])?.names, ['shared:1']);
    assert.deepEqual(progress, [5, 10]);
    assert.equal(runtime.registry.pulled.filter((reference) => reference === 'shared:1').length, 1);
    runtime.registry.latencyMs = 0;
  });
});
