/**
 * The kubelet as it runs in the daemon (run loop, cache, registry), over the memory store and the fake runtime, on a clock that
 * stands. Its daemon can be killed at any call and started again over the same store and containers.
 */
import assert from 'node:assert/strict';
import { type EventRecorder, StoredEventRecorder } from '../../../reconcilers/kit/event-recorder.ts';
import { ObjectCache } from '../../../reconcilers/kit/object-cache.ts';
import { readYourWrites } from '../../../reconcilers/kit/read-your-writes.ts';
import { RunLoop } from '../../../reconcilers/kit/run-loop.ts';
import type { PullReport } from '../../../reconcilers/kubelet/images/image-pulls.ts';
import { createKubeletLoop } from '../../../reconcilers/kubelet/index.ts';
import type { ClusterDns } from '../../../reconcilers/kubelet/pod-files/resolv-conf.ts';
import type { Draft } from '../../../reconcilers/objects/meta.ts';
import type { Container, Pod, PodSpec } from '../../../reconcilers/objects/pod.ts';
import type { ContainerRecord, ContainerRuntime } from '../../../reconcilers/ports/container-runtime.ts';
import type { ObjectClient } from '../../../reconcilers/ports/object-client.ts';
import type { VolumeFiles } from '../../../reconcilers/ports/volume-files.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { settle } from '../../fakes/fake-clock.ts';
import { FakeNodeNames } from '../../fakes/fake-node-names.ts';
import { FakeProber } from '../../fakes/fake-prober.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { FakeTerminationFiles } from '../../fakes/fake-termination-files.ts';
import { FakeTokenIssuer } from '../../fakes/fake-token-issuer.ts';
import { FakeVolumeFiles } from '../../fakes/fake-volume-files.ts';
import { MemoryImageLedger } from '../../fakes/memory-image-ledger.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

export const NODE = 'node-1';
const CACHED = [
  'Pod',
  'Service',
  'EndpointSlice',
  'Node',
  'Namespace',
  'ConfigMap',
  'Secret',
  'ServiceAccount',
  'PersistentVolume',
  'PersistentVolumeClaim',
] as const;

/** Stands between the daemon and what outlives it: the call at which it is killed throws, and all after it. */
export interface Mortal {
  runtime: ContainerRuntime;
  client: ObjectClient;
  files?: VolumeFiles;
}

export class KubeletBed {
  readonly cluster: TestCluster;
  readonly runtime: FakeRuntime;
  readonly prober = new FakeProber();
  readonly files = new FakeVolumeFiles();
  readonly terminationFiles = new FakeTerminationFiles();
  readonly tokens: FakeTokenIssuer;
  readonly names = new FakeNodeNames();
  /** Of the kubelet's configuration; what a test changes of it counts from the daemon's next start on. */
  dns: ClusterDns = { domain: 'cluster.local', servers: [] };
  readonly ledger = new MemoryImageLedger();
  /** What `docker login` left on the node. */
  nodeLogins: string | undefined;
  readonly log = new CollectedLog();
  readonly pullReports: PullReport[] = [];
  readonly events: string[] = [];
  #daemon: { readonly stop: AbortController; readonly ended: Promise<unknown> } | undefined;

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
    this.runtime = new FakeRuntime(cluster);
    this.tokens = new FakeTokenIssuer(cluster.clock);
    for (const image of ['sampan/pause:1', 'web', 'web:2', 'other']) this.runtime.addImage(image);
  }

  static async create(options: { node?: boolean } = {}): Promise<KubeletBed> {
    const bed = new KubeletBed(await createTestCluster());
    if (options.node !== false) await bed.addNode();
    return bed;
  }

  async addNode(): Promise<void> {
    await this.cluster.registry.create('Node', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: NODE },
      spec: { podCIDR: '10.244.0.0/24' },
      status: { capacity: { cpu: '2', memory: '4Gi' } },
    });
  }

  /** Starts the daemon. `mortal` may put itself between it and the world. */
  async start(mortal: (world: Mortal) => Mortal = (world) => world): Promise<void> {
    const { clock, random, registry } = this.cluster;
    const world = mortal({ runtime: this.runtime, client: registry, files: this.files });
    const stop = new AbortController();
    const cache = new ObjectCache(CACHED, { client: world.client, clock, log: this.log });
    const recorded = new StoredEventRecorder('kubelet', NODE, { client: world.client, clock, random, log: this.log });
    const events: EventRecorder = {
      record: (about, type, reason, message) => {
        this.events.push(`${type} ${reason} ${message}`);
        recorded.record(about, type, reason, message);
      },
    };
    const loop = createKubeletLoop({
      cache,
      client: readYourWrites(world.client, cache),
      runtime: world.runtime,
      prober: this.prober,
      files: world.files ?? this.files,
      terminationFiles: this.terminationFiles,
      tokens: this.tokens,
      names: this.names,
      ledger: this.ledger,
      logins: async () => this.nodeLogins,
      events,
      clock,
      log: this.log,
      pullObserver: (report) => this.pullReports.push(report),
      config: {
        nodeName: NODE,
        nodeIP: '192.0.2.10',
        instance: 'test',
        pauseImage: 'sampan/pause:1',
        leastOomScoreAdj: -1000,
        dns: this.dns,
        seccompDir: '/var/lib/sampan/seccomp',
        hasAppArmor: false,
        allowedUnsafeSysctls: [],
        network: { name: 'sampan', bridge: 'sampan0' },
      },
    });
    const runLoop = new RunLoop(loop, { cache, clock, random, log: this.log });
    const ended = Promise.all([cache.run(stop.signal), runLoop.run(stop.signal)]);
    this.#daemon = { stop, ended };
    await this.settled();
  }

  async stop(): Promise<void> {
    this.#daemon?.stop.abort();
    await this.#daemon?.ended;
    this.#daemon = undefined;
  }

  /** Ends the daemon without a word: what it waits for never comes. */
  kill(): void {
    this.#daemon?.stop.abort();
    this.#daemon = undefined;
  }

  /** Lets everything happen that needs no time. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await settle();
  }

  async advance(ms: number): Promise<void> {
    await this.cluster.clock.advance(ms);
    await this.settled();
  }

  async addPod(spec: Partial<PodSpec> & { containers?: Container[] } = {}, name = 'web'): Promise<Pod> {
    const draft: Draft<Pod> = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'web' }], nodeName: NODE, ...spec } as PodSpec,
      status: { phase: 'Pending' },
    };
    const pod = await this.cluster.registry.create('Pod', draft);
    await this.settled();
    return pod;
  }

  async pod(name = 'web'): Promise<Pod> {
    const pod = await this.cluster.registry.get('Pod', { namespace: 'default', name });
    assert.ok(pod, `pod ${name} exists`);
    return pod;
  }

  async containers(): Promise<ContainerRecord[]> {
    return this.runtime.list({ 'sampan.dev/instance': 'test' });
  }

  /** `web_0 running`, sorted: container, attempt and state. */
  async summary(): Promise<string[]> {
    const records = await this.containers();
    return records
      .map(({ name, state }) => {
        const [, container, , , , attempt] = name.split('_');
        return `${container}_${attempt} ${state}`;
      })
      .sort();
  }

  async container(name: string): Promise<ContainerRecord> {
    const running = (await this.containers()).find(
      (each) => each.name.startsWith(`k8s_${name}_`) && each.state === 'running',
    );
    assert.ok(running, `container ${name} runs`);
    return running;
  }

  /** How many of the runtime's calls since `mark` were of this operation. */
  calls(operation: string, mark = 0): number {
    return this.runtime.calls.slice(mark).filter((call) => call.operation === operation).length;
  }
}
