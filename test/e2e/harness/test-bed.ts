/**
 * Everything a test of the real thing needs, taken away again whatever happens: machines (network namespaces), Docker engines,
 * etcd, the daemon. End-to-end tests call `useTestBed` at the top of a describe, benchmarks `openTestBed`; the bed itself
 * asserts nothing.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Agent, type AgentOptions, startAgent } from './agent.ts';
import { lastLines } from './background-process.ts';
import { type Dockerd, type DockerdOptions, startDockerd } from './dockerd.ts';
import { loadImages } from './engine-images.ts';
import { type Etcd, type EtcdOptions, startEtcd } from './etcd.ts';
import { createLan, createNetns, type Lan, type Netns } from './netns.ts';
import { type Sampan, type SampanOptions, startSampan } from './sampan.ts';
import { createScope, removeLeftovers } from './scope.ts';

export interface TestBed extends AsyncDisposable {
  /** A machine with loopback only. */
  netns(): Promise<Netns>;
  /** A wire with a machine outside, for nodes to join; or a second one behind the same machine. */
  lan(other?: Lan): Promise<Lan>;
  /** A Docker engine in the namespace, with the project's images loaded. */
  dockerd(netns: Netns, options?: DockerdOptions): Promise<Dockerd>;
  /** A real etcd, in a namespace when the options name one. */
  etcd(options?: EtcdOptions): Promise<Etcd>;
  /** The daemon, on the engine and in its namespace. */
  sampan(dockerd: Dockerd, options?: SampanOptions): Promise<Sampan>;
  /** A node of a cluster whose masters run elsewhere, on the engine and in its namespace. */
  agent(dockerd: Dockerd, options: AgentOptions): Promise<Agent>;
  /** A new empty directory. */
  dir(): Promise<string>;
  /** The end of every log, to be read when a test failed. */
  describeLogs(): string;
  /** Takes away everything that was made here, also what failed half-way. */
  close(): Promise<void>;
}

/** A bed for scripts: `await using bed = await openTestBed()`. What killed runs left behind is taken away first. */
export async function openTestBed(): Promise<TestBed> {
  await removeLeftovers();
  return createTestBed();
}

function createTestBed(): TestBed {
  const scope = createScope();
  const logFiles: string[] = [];
  let things = 0;
  const nextName = (kind: string): string => `${kind}${++things}`;
  const logged = <T extends { readonly logFile: string }>(thing: T): T => {
    logFiles.push(thing.logFile);
    return thing;
  };

  const bed: TestBed = {
    netns: () => createNetns(scope, nextName('node')),
    lan: async (other) => createLan(other?.outside ?? (await createNetns(scope, nextName('outside'))), other),
    async dockerd(netns, options) {
      const dockerd = logged(await startDockerd(scope, netns, nextName('docker'), options));
      await loadImages(dockerd);
      return dockerd;
    },
    etcd: async (options) => logged(await startEtcd(scope, nextName('etcd'), options)),
    sampan: async (dockerd, options) => logged(await startSampan(scope, dockerd, nextName('sampan'), options)),
    agent: async (dockerd, options) => logged(await startAgent(scope, dockerd, nextName('agent'), options)),
    dir: () => scope.createDir(nextName('dir')),
    describeLogs: () => logFiles.map((file) => `--- ${file}\n${lastLines(file, 12)}`).join('\n'),
    close: () => scope.remove(),
    [Symbol.asyncDispose]: () => scope.remove(),
  };
  return bed;
}

/** The programs that a bed with everything starts; a test that needs fewer says so. */
const allPrograms = ['ip', 'nsenter', 'dockerd', 'containerd', 'docker', 'busybox'] as const;

/**
 * A bed for the describe around it, opened before and closed after its tests; the logs are shown when one of them fails.
 * Without root or one of the programs the tests are skipped, loudly; where $CI is set they fail.
 */
export function useTestBed(programs: readonly string[] = allPrograms): TestBed {
  const bed = createTestBed();

  before('the test bed', async function () {
    const missing = whatIsMissing(programs);
    if (missing !== undefined && process.env.CI) throw new Error(`cannot run here: ${missing}`);
    if (missing !== undefined) {
      console.warn(`SKIPPED: ${this.test?.parent?.title}: ${missing}`);
      this.skip();
    }
    await removeLeftovers();
  });
  afterEach('show the logs of a failed test', function () {
    if (this.currentTest?.state === 'failed') console.error(bed.describeLogs());
  });
  after('the test bed', () => bed.close());
  return bed;
}

function whatIsMissing(programs: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can make network namespaces and run a Docker engine';
  const missing = programs.filter((program) => !isOnPath(program));
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`;
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
