/**
 * What every container runtime has to do, whichever it is. Run against the fake, which scenarios rely on, and against a real Docker
 * engine; a behaviour that only one of them has does not belong here.
 */
import assert from 'node:assert/strict';
import type {
  ContainerRuntime,
  ContainerSession,
  ContainerSpec,
  LogOptions,
  RuntimeEvent,
} from '../../reconcilers/ports/container-runtime.ts';
import { isSampanError, messageOf } from '../../reconcilers/ports/errors.ts';
import { eventually } from '../e2e/harness/eventually.ts';

/** What a container runs. */
type Program = Pick<ContainerSpec, 'image' | 'cmd'>;

export interface RuntimeBackend {
  readonly runtime: ContainerRuntime;
  /** Runs until SIGTERM, then ends with 0. */
  readonly server: Program;
  /** Runs whatever signal comes. */
  readonly stubborn: Program;
  /** Ends with 3 at once. */
  readonly failing: Program;
  /** Writes `one` and `two` to stdout and `oops` to stderr, a line each, then runs until SIGTERM. */
  readonly talking: Program;
  /** Keeps a core busy until SIGTERM. */
  readonly busy: Program;
  /** Cannot be started. */
  readonly broken: Program;
  /** Runs until SIGTERM, has {@link commands}, listens on port 7 and sends back what it reads from a connection, or from its stdin. */
  readonly tools: Program;
  /** Copies its stdin to its stdout, and ends with it, with 0. */
  readonly reader: Program;
  readonly commands: {
    /** Copies its stdin to its stdout, and ends with it. */
    readonly copy: readonly string[];
    /** Writes `out` to stdout and `err` to stderr, a line each, and ends with 3. */
    readonly fail: readonly string[];
    /** Runs for ever. */
    readonly stay: readonly string[];
    /** Reads a line, then writes the rows and columns of its terminal. */
    readonly size: readonly string[];
  };
  /** How many of `stay` run in the container. */
  countStaying(id: string): Promise<number>;
  /** Makes an image of this name that was not there, as a build does; nobody needs it. */
  build(name: string): Promise<void>;
  /** Gives it another name. */
  tag(name: string, other: string): Promise<void>;
  /** The engine goes away, and comes back; without live-restore. */
  stopEngine(): Promise<void>;
  startEngine(): Promise<void>;
}

const NETWORK = { name: 'contract', bridge: 'contract0', subnet: '10.244.7.0/24' };
/** Of containers whose addresses matter. The others are on the engine's own, where Docker starts them three times as fast. */
const ON_NETWORK = { network: { kind: 'network', name: NETWORK.name } } as const;

export function containerRuntimeContract(backend: () => RuntimeBackend): void {
  const runtime = () => backend().runtime;
  const made: string[] = [];
  let names = 0;

  before('a pod network', () => runtime().ensureNetwork(NETWORK));
  afterEach('remove the containers', () => Promise.all(made.splice(0).map((id) => runtime().remove(id))));

  const create = async (program: Program, more: Partial<ContainerSpec> = {}): Promise<string> => {
    const spec = { name: `c${++names}`, labels: {}, network: { kind: 'host' } as const };
    const id = await runtime().create({ ...spec, ...program, ...more });
    made.push(id);
    return id;
  };
  const run = async (program: Program, more: Partial<ContainerSpec> = {}): Promise<string> => {
    const id = await create(program, more);
    await runtime().start(id);
    return id;
  };
  const exited = (id: string) =>
    eventually(
      async () => {
        const record = await runtime().inspect(id);
        return record?.state === 'exited' && record;
      },
      { describe: `container ${id} to end` },
    );

  describe('containers', () => {
    it('shows a created container with all that is known of it', async () => {
      const { server } = backend();
      const id = await create(server, { name: 'web', labels: { app: 'web', tier: '' } });
      const record = await runtime().inspect(id);
      assert.ok(record);
      const { createdAt, imageId, ...rest } = record;
      assert.deepEqual(rest, {
        id,
        name: 'web',
        labels: { app: 'web', tier: '' },
        image: server.image,
        state: 'created',
        oomKilled: false,
      });
      assert.equal(imageId, (await runtime().image(server.image))?.id);
      assert.ok(Math.abs(createdAt - Date.now()) < 60_000);
    });

    it('answers a start with the running container and its address', async () => {
      const record = await runtime().start(await create(backend().server, ON_NETWORK));
      assert.equal(record.state, 'running');
      assert.match(record.ip ?? '', /^10\.244\.7\.\d+$/);
      assert.ok(record.startedAt !== undefined && record.startedAt >= record.createdAt);
      assert.equal(record.finishedAt, undefined);
      assert.equal(record.exitCode, undefined);
    });

    it('starts what runs without doing anything', async () => {
      const id = await create(backend().server, ON_NETWORK);
      const first = await runtime().start(id);
      assert.deepEqual(await runtime().start(id), first);
    });

    it('gives each container an address of its own, and a freed one again', async () => {
      const [one, other] = [await create(backend().server, ON_NETWORK), await create(backend().server, ON_NETWORK)];
      const addresses = [(await runtime().start(one)).ip, (await runtime().start(other)).ip];
      assert.equal(new Set(addresses).size, 2);
      await runtime().stop(one, 5);
      assert.equal((await runtime().inspect(one))?.ip, undefined);
    });

    it('keeps how a container ended', async () => {
      const record = await exited(await run(backend().failing));
      assert.equal(record.exitCode, 3);
      assert.equal(record.oomKilled, false);
      assert.ok(record.startedAt !== undefined && record.finishedAt !== undefined);
      assert.ok(record.createdAt <= record.startedAt && record.startedAt <= record.finishedAt);
      assert.equal(record.ip, undefined);
    });

    it('starts an ended container again', async () => {
      const id = await run(backend().server);
      await runtime().stop(id, 5);
      const record = await runtime().start(id);
      assert.equal(record.state, 'running');
      assert.equal(record.exitCode, undefined);
      assert.equal(record.finishedAt, undefined);
    });

    it('says who has a name that is taken', async () => {
      const holder = await create(backend().server, { name: 'twice' });
      await assert.rejects(create(backend().server, { name: 'twice' }), (error) => {
        assert.ok(isSampanError(error, 'ContainerNameTaken'), messageOf(error));
        assert.equal(error.details.holder, holder);
        return true;
      });
    });

    it('says that an image is not there', async () => {
      await assert.rejects(create({ image: 'not-there:1' }), { code: 'ImageMissing' });
      assert.equal(await runtime().image('not-there:1'), undefined);
      assert.equal(await runtime().image('No Image'), undefined);
    });

    it('says why a container does not start, and keeps the sentence', async () => {
      const id = await create(backend().broken);
      await assert.rejects(runtime().start(id), { code: 'ContainerStartFailed' });
      const record = await runtime().inspect(id);
      assert.equal(record?.state, 'created');
      assert.ok(record.error);
    });

    it('takes what is missing as it is', async () => {
      const id = await create(backend().server);
      await runtime().remove(id);
      await runtime().remove(id);
      await runtime().stop(id, 1);
      assert.equal(await runtime().inspect(id), undefined);
      await assert.rejects(runtime().start(id), { code: 'ContainerMissing' });
    });

    it('removes a container that runs, twice at once', async () => {
      const id = await run(backend().stubborn);
      await Promise.all([runtime().remove(id), runtime().remove(id)]);
      assert.equal(await runtime().inspect(id), undefined);
    });
  });

  describe('processes', () => {
    it('are seen by a container that joins those of one that runs, and of no other', async () => {
      const target = await create(backend().server);
      const other = await create(backend().server, { pidOf: target });
      await assert.rejects(runtime().start(other), { code: 'ContainerStartFailed', message: /is not running/ });
      await runtime().start(target);
      assert.equal((await runtime().start(other)).state, 'running');
    });
  });

  describe('shared memory', () => {
    it('is shared with a container that joins that of one that runs and shares it, and of no other', async () => {
      const target = await create(backend().server, { ipc: 'shareable' });
      const other = await create(backend().server, { ipc: { of: target } });
      await assert.rejects(runtime().start(other), { code: 'ContainerStartFailed', message: /is not running/ });
      await runtime().start(target);
      assert.equal((await runtime().start(other)).state, 'running');
      const own = await run(backend().server);
      const unwelcome = await create(backend().server, { ipc: { of: own } });
      await assert.rejects(runtime().start(unwelcome), { code: 'ContainerStartFailed', message: /non-shareable/ });
    });
  });

  describe('stop', () => {
    it('lets the process end by itself', async () => {
      const id = await run(backend().server);
      await runtime().stop(id, 30);
      const record = await runtime().inspect(id);
      assert.equal(record?.state, 'exited');
      assert.equal(record.exitCode, 0);
      await runtime().stop(id, 30);
    });

    it('kills what does not end within the grace period', async () => {
      const id = await run(backend().stubborn);
      const startedAt = performance.now();
      await runtime().stop(id, 1);
      assert.ok(performance.now() - startedAt >= 900);
      assert.equal((await runtime().inspect(id))?.exitCode, 137);
    });

    it('does nothing to one that was never started', async () => {
      const id = await create(backend().server);
      await runtime().stop(id, 1);
      assert.equal((await runtime().inspect(id))?.state, 'created');
    });
  });

  describe('list', () => {
    it('finds by label, by label and value, running or not', async () => {
      const running = await run(backend().server, { labels: { pod: 'a', role: 'sandbox' } });
      const created = await create(backend().server, { labels: { pod: 'a', role: 'app' } });
      const other = await create(backend().server, { labels: { pod: 'b' } });
      await create(backend().server, { labels: { unrelated: 'a' } });
      const ids = async (labels: Record<string, string>) => (await runtime().list(labels)).map(({ id }) => id).sort();
      assert.deepEqual(await ids({ pod: '' }), [running, created, other].sort());
      assert.deepEqual(await ids({ pod: 'a' }), [running, created].sort());
      assert.deepEqual(await ids({ pod: 'a', role: 'app' }), [created]);
      assert.deepEqual(await ids({ pod: 'c' }), []);
    });

    it('tells as much of each as inspect', async () => {
      const ended = await run(backend().failing, { labels: { listed: '1' } });
      await exited(ended);
      const running = await run(backend().server, { labels: { listed: '1' } });
      const records = await runtime().list({ listed: '' });
      assert.equal(records.length, 2);
      for (const id of [ended, running]) {
        assert.deepEqual(
          records.find((record) => record.id === id),
          await runtime().inspect(id),
        );
      }
    });
  });

  describe('networks', () => {
    it('makes the same one twice and shows what it is', async () => {
      await runtime().ensureNetwork(NETWORK);
      const { name, bridge, subnet } = (await runtime().network(NETWORK.name)) ?? {};
      assert.deepEqual({ name, bridge, subnet }, NETWORK);
      assert.equal(await runtime().network('no-such-network'), undefined);
    });

    it('makes one that several ask for at once', async () => {
      const network = { name: 'wanted', bridge: 'wanted0', subnet: '10.246.0.0/24' };
      await Promise.all(Array.from({ length: 4 }, () => runtime().ensureNetwork({ ...network })));
      assert.equal((await runtime().network('wanted'))?.subnet, network.subnet);
      await runtime().removeNetwork('wanted');
    });

    it('refuses another subnet for the same name, naming both', async () => {
      await assert.rejects(runtime().ensureNetwork({ ...NETWORK, subnet: '10.9.0.0/24' }), (error) => {
        assert.ok(isSampanError(error, 'NetworkConflict'), messageOf(error));
        assert.match(error.message, /10\.9\.0\.0\/24.*10\.244\.7\.0\/24/);
        return true;
      });
    });

    it('refuses a subnet that is taken', async () => {
      const overlapping = { name: 'overlapping', bridge: 'overlap0', subnet: '10.244.7.128/25' };
      await assert.rejects(runtime().ensureNetwork(overlapping), { code: 'NetworkConflict' });
      assert.equal(await runtime().network('overlapping'), undefined);
    });

    it('removes one, also if it is gone, but not from under a container', async () => {
      const network = { name: 'passing', bridge: 'passing0', subnet: '10.245.0.0/24' };
      await runtime().ensureNetwork(network);
      const id = await run(backend().server, { network: { kind: 'network', name: 'passing' } });
      await assert.rejects(runtime().removeNetwork('passing'), { code: 'NetworkConflict' });
      await runtime().remove(id);
      await runtime().removeNetwork('passing');
      await runtime().removeNetwork('passing');
      assert.equal(await runtime().network('passing'), undefined);
    });

    it('joins the network of a container that runs, and of no other', async () => {
      const sandbox = await create(backend().server, ON_NETWORK);
      const app = await create(backend().server, { network: { kind: 'container', id: sandbox } });
      await assert.rejects(runtime().start(app), { code: 'ContainerStartFailed', message: /non running container/ });
      await runtime().start(sandbox);
      const record = await runtime().start(app);
      assert.equal(record.state, 'running');
      assert.equal(record.ip, undefined);
    });

    it('does not start a container on a network that is missing', async () => {
      const id = await create(backend().server, { network: { kind: 'network', name: 'no-such-network' } });
      await assert.rejects(runtime().start(id), { code: 'ContainerStartFailed', message: /no-such-network/ });
    });
  });

  describe('logs', () => {
    const read = async (id: string, options: Partial<LogOptions> = {}) => {
      const text = { stdout: '', stderr: '' };
      const all = { follow: false, timestamps: false, ...options };
      for await (const { stream, data } of runtime().logs(id, all, new AbortController().signal)) {
        text[stream] += Buffer.from(data).toString();
      }
      return text;
    };
    const talked = async (): Promise<string> => {
      const id = await run(backend().talking);
      await eventually(async () => Object.values(await read(id)).join('').length === 'one\ntwo\noops\n'.length, {
        describe: 'three lines in the log',
      });
      return id;
    };

    it('gives what was written, each stream apart', async () => {
      assert.deepEqual(await read(await talked()), { stdout: 'one\ntwo\n', stderr: 'oops\n' });
    });

    it('gives the last lines only, none from before a time, and stamps', async () => {
      const id = await talked();
      const tail = await read(id, { tail: 1 });
      assert.equal(tail.stdout.length + tail.stderr.length, tail.stderr === '' ? 'two\n'.length : 'oops\n'.length);
      assert.deepEqual(await read(id, { since: Date.now() + 60_000 }), { stdout: '', stderr: '' });
      assert.match((await read(id, { timestamps: true })).stderr, /^\d{4}-\d\d-\d\dT[\d:.]+Z oops\n$/);
    });

    it('follows until the container ends', async () => {
      const id = await talked();
      const reading = read(id, { follow: true });
      await runtime().stop(id, 5);
      assert.deepEqual(await reading, { stdout: 'one\ntwo\n', stderr: 'oops\n' });
    });

    it('stops following when it is called off', async () => {
      const id = await talked();
      const controller = new AbortController();
      let chunks = 0;
      for await (const _ of runtime().logs(id, { follow: true, timestamps: false }, controller.signal)) {
        chunks += 1;
        if (chunks === 3) controller.abort();
      }
      assert.equal(chunks, 3);
    });

    it('says that the container is missing', async () => {
      await assert.rejects(read('0123456789ab'), { code: 'ContainerMissing' });
    });
  });

  describe('exec', () => {
    const all = { stdin: false, stdout: true, stderr: true, tty: false };
    const output = async (session: ContainerSession) => {
      const text = { stdout: '', stderr: '' };
      for await (const { stream, data } of session.output) text[stream] += Buffer.from(data).toString('latin1');
      return text;
    };

    it('runs a command, gives each stream apart, and how it ended', async () => {
      const id = await run(backend().tools);
      const session = await runtime().exec(id, { ...all, command: backend().commands.fail });
      assert.deepEqual(await output(session), { stdout: 'out\n', stderr: 'err\n' });
      assert.equal(await session.exitCode(), 3);
      await session.close();
    });

    it('leaves out a stream that is not wanted', async () => {
      const id = await run(backend().tools);
      const session = await runtime().exec(id, { ...all, stderr: false, command: backend().commands.fail });
      assert.deepEqual(await output(session), { stdout: 'out\n', stderr: '' });
      await session.close();
    });

    it('passes stdin on, whole and to its end', async () => {
      const id = await run(backend().tools);
      const session = await runtime().exec(id, { ...all, stdin: true, command: backend().commands.copy });
      const reading = output(session);
      const sent = Buffer.alloc(3 * 2 ** 20, 'sixteen letters.');
      for (let at = 0; at < sent.length; at += 50_000) await session.write(sent.subarray(at, at + 50_000));
      session.closeStdin();
      const { stdout } = await reading;
      assert.equal(stdout.length, sent.length);
      assert.ok(stdout === sent.toString('latin1'));
      assert.equal(await session.exitCode(), 0);
      await session.close();
    });

    it('ends with the command although stdin is still open', async () => {
      const id = await run(backend().tools);
      const session = await runtime().exec(id, { ...all, stdin: true, command: backend().commands.fail });
      assert.deepEqual(await output(session), { stdout: 'out\n', stderr: 'err\n' });
      assert.equal(await session.exitCode(), 3);
      await session.write(Buffer.from('too late'));
      await session.close();
    });

    it('has a terminal of the size that was told last', async () => {
      const id = await run(backend().tools);
      const session = await runtime().exec(id, { ...all, stdin: true, tty: true, command: backend().commands.size });
      await session.resize({ width: 0, height: 0 });
      await session.resize({ width: 123, height: 45 });
      await session.write(Buffer.from('\n'));
      assert.match((await output(session)).stdout, /45 123/);
      assert.equal(await session.exitCode(), 0);
      await session.close();
      await session.resize({ width: 80, height: 24 });
    });

    it('says that a command cannot be run', async () => {
      const id = await run(backend().tools);
      const session = await runtime().exec(id, { ...all, command: ['no-such-command'] });
      assert.match((await output(session)).stdout, /no-such-command.*not found/);
      assert.ok([126, 127].includes(await session.exitCode()));
      await session.close();
    });

    it('takes the command along when it is left', async () => {
      const id = await run(backend().tools);
      const sessions = await Promise.all(
        [false, true].map((tty) => runtime().exec(id, { ...all, stdin: true, tty, command: backend().commands.stay })),
      );
      await eventually(async () => (await backend().countStaying(id)) === 2, { describe: 'both to run' });
      for (const session of sessions) await Promise.all([session.close(), session.close()]);
      assert.equal(await backend().countStaying(id), 0);
      assert.equal((await runtime().inspect(id))?.state, 'running');
    });

    it('takes the command along that was only just started', async () => {
      const id = await run(backend().tools);
      const session = await runtime().exec(id, { ...all, command: backend().commands.stay });
      await session.close();
      assert.equal(await backend().countStaying(id), 0);
    });

    it('needs a container that runs', async () => {
      const created = await create(backend().tools);
      const spec = { ...all, command: backend().commands.fail };
      await assert.rejects(runtime().exec(created, spec), { code: 'ContainerRefused', message: /is not running/ });
      await assert.rejects(runtime().exec('0123456789ab', spec), { code: 'ContainerMissing' });
    });
  });

  describe('attach', () => {
    it('joins the streams of the process, and leaves it running', async () => {
      const id = await run(backend().tools, { stdin: true });
      const session = await runtime().attach(id, { stdin: true, stdout: true, stderr: true });
      await session.write(Buffer.from('over\n'));
      let text = '';
      for await (const { data } of session.output) {
        text += Buffer.from(data).toString();
        if (text.includes('over')) break;
      }
      await session.close();
      assert.equal(text, 'over\n');
      assert.equal((await runtime().inspect(id))?.state, 'running');
    });

    it('ends the stdin of a process that wants it once, with the first who leaves', async () => {
      const id = await run(backend().reader, { stdin: true, stdinOnce: true });
      const session = await runtime().attach(id, { stdin: true, stdout: true, stderr: true });
      await session.write(Buffer.from('over\n'));
      for await (const { data } of session.output) if (Buffer.from(data).toString().includes('over')) break;
      await session.close();
      assert.equal((await exited(id)).exitCode, 0);
    });

    it('leaves the stdin of any other open, and shows what it writes also after its own is closed', async () => {
      const id = await run(backend().reader, { stdin: true });
      const session = await runtime().attach(id, { stdin: true, stdout: true, stderr: true });
      await session.write(Buffer.from('over\n'));
      session.closeStdin();
      let text = '';
      for await (const { data } of session.output) {
        text += Buffer.from(data).toString();
        if (text.includes('over')) break;
      }
      await session.close();
      assert.equal(text, 'over\n');
      assert.equal((await runtime().inspect(id))?.state, 'running');
    });

    it('ends with the container', async () => {
      const id = await run(backend().tools, { stdin: true });
      const session = await runtime().attach(id, { stdin: false, stdout: true, stderr: true });
      const reading = Array.fromAsync(session.output);
      await runtime().stop(id, 5);
      await reading;
      await session.close();
    });

    it('needs a container that runs', async () => {
      const choice = { stdin: false, stdout: true, stderr: true };
      const created = await create(backend().tools);
      await assert.rejects(runtime().attach(created, choice), { code: 'ContainerRefused', message: /is not running/ });
      await assert.rejects(runtime().attach('0123456789ab', choice), { code: 'ContainerMissing' });
    });
  });

  describe('connect', () => {
    const { signal } = new AbortController();

    it('reaches a port of the container, each direction ending by itself', async () => {
      const id = await run(backend().tools, ON_NETWORK);
      const connection = await eventually(() => runtime().connect(id, 7, signal), { describe: 'the port to be open' });
      connection.end('there and back');
      assert.equal(Buffer.concat(await connection.toArray()).toString(), 'there and back');
    });

    it('says that nobody listens', async () => {
      const id = await run(backend().tools, ON_NETWORK);
      await assert.rejects(runtime().connect(id, 9, signal), { code: 'PortUnreachable', message: /ECONNREFUSED/ });
    });

    it('is called off, and needs a container that runs', async () => {
      const id = await run(backend().tools, ON_NETWORK);
      await assert.rejects(runtime().connect(id, 7, AbortSignal.abort()), { name: 'AbortError' });
      await assert.rejects(runtime().connect(await create(backend().tools), 7, signal), { code: 'ContainerRefused' });
      await assert.rejects(runtime().connect('0123456789ab', 7, signal), { code: 'ContainerMissing' });
    });
  });

  describe('usage', () => {
    const usageOf = async (id: string) => (await runtime().usage([id])).get(id);

    it('counts the CPU time of what runs, and tells the memory it holds', async () => {
      const [busy, idle] = [await run(backend().busy), await run(backend().server)];
      const before = await usageOf(busy);
      assert.ok(before && Math.abs(before.at - Date.now()) < 60_000);
      await eventually(
        async () => {
          const now = await usageOf(busy);
          return now && now.at > before.at && now.cpuNanos >= before.cpuNanos + 50e6;
        },
        { describe: '50 ms of CPU time' },
      );
      const used = await runtime().usage([busy, idle]);
      assert.deepEqual([...used.keys()].sort(), [busy, idle].sort());
      for (const { memoryBytes } of used.values()) assert.ok(memoryBytes > 0 && memoryBytes < 2 ** 30);
      assert.ok((used.get(idle)?.cpuNanos ?? 0) < (used.get(busy)?.cpuNanos ?? 0));
    });

    it('leaves out what does not run', async () => {
      const [running, ended] = [await run(backend().server), await run(backend().failing)];
      await exited(ended);
      const used = await runtime().usage([ended, await create(backend().server), '0123456789ab', running]);
      assert.deepEqual([...used.keys()], [running]);
      assert.equal((await runtime().usage([])).size, 0);
    });
  });

  describe('events', () => {
    it('tells what happens to containers with the label, in order, and of no others', async () => {
      const told = listen(runtime(), 'watched');
      await told.until((event) => event.type === 'listening');
      const unrelated = await run(backend().server);
      const id = await run(backend().server, { labels: { watched: 'yes' } });
      await runtime().stop(id, 5);
      await runtime().remove(id);
      await told.until((event) => event.type === 'removed');
      told.stop();
      await told.ended;
      const ofContainers = told.events.filter(({ type }) => type !== 'image' && type !== 'listening');
      assert.deepEqual(
        ofContainers.map((event) => [event.type, event.id, event.labels]),
        ['created', 'started', 'died', 'removed'].map((type) => [type, id, { watched: 'yes' }]),
      );
      assert.ok(!told.events.some((event) => event.id === unrelated));
      assert.equal(told.events[0]?.type, 'listening');
    });

    it('takes a label with a value', async () => {
      const told = listen(runtime(), 'watched=yes');
      await told.until((event) => event.type === 'listening');
      const no = await create(backend().server, { labels: { watched: 'no' } });
      const yes = await create(backend().server, { labels: { watched: 'yes' } });
      await told.until((event) => event.id === yes);
      told.stop();
      await told.ended;
      assert.ok(!told.events.some((event) => event.id === no));
    });
  });

  describe('pull', () => {
    it('says what cannot be pulled', async () => {
      const pull = runtime().pull('127.0.0.1:1/nothing:1', () => {}, new AbortController().signal);
      await assert.rejects(pull, { code: 'ImagePullFailed', message: /127\.0\.0\.1:1\/nothing:1/ });
    });

    it('is not begun when it is called off already', async () => {
      const pull = runtime().pull('127.0.0.1:1/nothing:1', () => {}, AbortSignal.abort());
      await assert.rejects(pull, { name: 'AbortError' });
    });

    it('lists the images that are there', async () => {
      const { image } = backend().server;
      const found = (await runtime().images()).find(({ names }) => names.includes(image));
      assert.deepEqual(found, await runtime().image(image));
      assert.ok(found && found.sizeBytes > 0);
    });
  });

  describe('images', () => {
    const used = async (id: string) => (await runtime().imagesInUse()).has(id);
    const build = async (name: string) => {
      await backend().build(name);
      const image = await runtime().image(name);
      assert.ok(image, `image ${name} is there`);
      return image;
    };

    it('are in use by containers, whoever made them and whether they run', async () => {
      const { id } = await build('used:1');
      assert.equal(await used(id), false);
      const container = await create({ image: 'used:1', cmd: ['/none'] });
      assert.equal(await used(id), true);
      await assert.rejects(runtime().removeImage(id, ['used:1']), {
        code: 'ImageInUse',
        message: new RegExp(container.slice(0, 12)),
      });
      assert.ok(await runtime().image('used:1'));
      await runtime().remove(container);
      assert.equal(await used(id), false);
      await runtime().removeImage(id, ['used:1']);
      assert.equal(await runtime().image('used:1'), undefined);
    });

    it('go with the last of their names, and their removal is told', async () => {
      const { id } = await build('named:1');
      await backend().tag('named:1', 'named:2');
      const told = listen(runtime(), 'nobody');
      await told.until((event) => event.type === 'listening');
      await runtime().removeImage(id, ['named:1']);
      assert.deepEqual((await runtime().image('named:2'))?.names, ['named:2']);
      assert.equal(await runtime().image('named:1'), undefined);
      await runtime().removeImage(id, ['named:1', 'named:2']);
      assert.ok(!(await runtime().images()).some((image) => image.id === id));
      await told.until((event) => event.type === 'image' && event.id === id);
      told.stop();
      await told.ended;
    });

    it('that are gone are removed already', async () => {
      const { id } = await build('gone:1');
      await runtime().removeImage(id, ['gone:1']);
      await runtime().removeImage(id, ['gone:1']);
      await runtime().removeImage(id, []);
    });

    it('lie on a disk of which it is known how full it is', async () => {
      const disk = await runtime().diskUsage();
      assert.ok(
        disk && disk.capacityBytes > 0 && disk.availableBytes >= 0 && disk.availableBytes <= disk.capacityBytes,
      );
    });
  });

  describe('an engine that goes away', () => {
    it('breaks streams and calls, and all works again when it is back', async () => {
      const id = await run(backend().server, { labels: { restart: '1' }, ...ON_NETWORK });
      const told = listen(runtime(), 'restart');
      await told.until((event) => event.type === 'listening');
      await backend().stopEngine();
      await assert.rejects(told.ended, { code: 'RuntimeUnavailable' });
      await assert.rejects(runtime().inspect(id), { code: 'RuntimeUnavailable' });
      await assert.rejects(runtime().list({}), { code: 'RuntimeUnavailable' });
      await assert.rejects(runtime().info(), { code: 'RuntimeUnavailable' });

      await backend().startEngine();
      assert.equal((await runtime().inspect(id))?.state, 'exited');
      assert.equal((await runtime().start(id)).state, 'running');
    });
  });

  it('describes the machine', async () => {
    const info = await runtime().info();
    assert.match(info.version, /^\d+\.\d+/);
    assert.ok(info.cpus > 0 && info.memoryBytes > 0);
    for (const text of [
      info.id,
      info.hostname,
      info.operatingSystem,
      info.kernelVersion,
      info.architecture,
      info.rootDir,
    ]) {
      assert.notEqual(text, '');
    }
  });
}

/** Collects events in the background. `ended` rejects with what the stream threw. */
function listen(runtime: ContainerRuntime, label: string) {
  const controller = new AbortController();
  const events: RuntimeEvent[] = [];
  const ended = (async () => {
    for await (const event of runtime.events(label, controller.signal)) events.push(event);
  })();
  ended.catch(() => {}); // it is looked at later
  return {
    events,
    ended,
    stop: () => controller.abort(),
    until: (wanted: (event: RuntimeEvent) => boolean) =>
      eventually(() => events.some(wanted), { describe: 'the event' }),
  };
}
