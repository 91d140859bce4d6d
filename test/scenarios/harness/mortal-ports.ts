/**
 * The ports as a process has them that may die: everything goes through its {@link Life}. They add nothing but one thing that is the
 * process's own: a packet filter knows only the table that this process has applied.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ClaimFolders } from '../../../reconcilers/ports/claim-folders.ts';
import type { CancelTimer, Clock } from '../../../reconcilers/ports/clock.ts';
import type { ContainerRuntime } from '../../../reconcilers/ports/container-runtime.ts';
import type { ImageLedger } from '../../../reconcilers/ports/image-ledger.ts';
import type { Log, LogFields } from '../../../reconcilers/ports/log.ts';
import type { ManifestSource, SnapshotArchive } from '../../../reconcilers/ports/manifest-source.ts';
import type { PacketFilter, RoutingTable } from '../../../reconcilers/ports/packet-filter.ts';
import type { PodRoutes } from '../../../reconcilers/ports/pod-routes.ts';
import type { Store, Transaction } from '../../../reconcilers/ports/store.ts';
import type { PodOnNode, VolumeFiles } from '../../../reconcilers/ports/volume-files.ts';
import type { Life } from './life.ts';

/** Events and heartbeats change nothing that anybody decides by. */
const UNCOUNTED = ['/registry/events/', '/registry/leases/'];

export function mortalStore(store: Store, life: Life): Store {
  return {
    endpoint: store.endpoint,
    revision: () => store.revision(),
    get: (key) => life.ask(() => store.get(key)),
    list: (prefix, options) => life.ask(() => store.list(prefix, options)),
    commit: (transaction) =>
      life.act(
        () => store.commit(transaction),
        ({ committed, revision }) => (committed ? describeWrites(transaction, revision) : undefined),
      ),
    watch: (prefix, { after, signal }) => life.listen((until) => store.watch(prefix, { after, signal: until }), signal),
    compact: (revision) => life.ask(() => store.compact(revision)),
    grantLease: (ttlSeconds) => life.ask(() => store.grantLease(ttlSeconds)),
    close: async () => {},
  };
}

function describeWrites({ writes }: Transaction, revision: number): string | undefined {
  const counted = writes.filter(({ key }) => !UNCOUNTED.some((prefix) => key.startsWith(prefix)));
  if (counted.length === 0) return undefined;
  return `${revision} ${counted.map(({ op, key }) => `${op} ${key}`).join(', ')}`;
}

export function mortalRuntime(runtime: ContainerRuntime, life: Life): ContainerRuntime {
  const act = <T>(operation: string, subject: string, work: () => Promise<T>): Promise<T> =>
    life.act(work, () => `${operation} ${subject}`);
  return {
    endpoint: runtime.endpoint,
    info: () => life.ask(() => runtime.info()),
    network: (name) => life.ask(() => runtime.network(name)),
    ensureNetwork: (network) => life.ask(() => runtime.ensureNetwork(network)),
    removeNetwork: (name) => life.ask(() => runtime.removeNetwork(name)),
    list: (labels) => life.ask(() => runtime.list(labels)),
    inspect: (id) => life.ask(() => runtime.inspect(id)),
    create: (spec) => act('create', spec.name, () => runtime.create(spec)),
    start: (id) => act('start', id, () => runtime.start(id)),
    stop: (id, graceSeconds) => act('stop', id, () => runtime.stop(id, graceSeconds)),
    remove: (id) => act('remove', id, () => runtime.remove(id)),
    usage: (ids) => life.ask(() => runtime.usage(ids)),
    logs: (id, options, signal) => life.listen((until) => runtime.logs(id, options, until), signal),
    exec: (id, spec) => act('exec', id, () => runtime.exec(id, spec)),
    attach: (id, choice) => life.ask(() => runtime.attach(id, choice)),
    connect: (id, port, signal) => life.ask(() => runtime.connect(id, port, signal)),
    events: (label, signal) => life.listen((until) => runtime.events(label, until), signal),
    image: (reference) => life.ask(() => runtime.image(reference)),
    images: () => life.ask(() => runtime.images()),
    pull: (reference, onProgress, signal, credentials) =>
      act('pull', reference, () => runtime.pull(reference, onProgress, signal, credentials)),
    imagesInUse: () => life.ask(() => runtime.imagesInUse()),
    removeImage: (id, names) => act('remove image', id, () => runtime.removeImage(id, names)),
    diskUsage: () => life.ask(() => runtime.diskUsage()),
  };
}

export function mortalImages(ledger: ImageLedger, life: Life): ImageLedger {
  return {
    entries: () => life.ask(() => ledger.entries()),
    update: (id, change) =>
      life.act(
        () => ledger.update(id, change),
        () => `note image ${id}`,
      ),
  };
}

export function mortalFiles(files: VolumeFiles, life: Life): VolumeFiles {
  const holds = async (podUid: string) => (await files.pods()).some(({ uid }) => uid === podUid);
  const place = async (pod: PodOnNode, volume: string, work: () => Promise<void>) => {
    const isThere = (await files.placed(pod.uid)).has(volume);
    await life.act(work, () => (isThere ? undefined : `place ${pod.name} ${volume}`));
  };
  return {
    pods: () => life.ask(() => files.pods()),
    placed: (podUid) => life.ask(() => files.placed(podUid)),
    write: async (pod, volume, content) => {
      const before = (await files.placed(pod.uid)).get(volume)?.revision;
      const describe = () => (before === content.revision ? undefined : `write ${pod.name} ${volume}`);
      await life.act(() => files.write(pod, volume, content), describe);
    },
    writeSingle: async (pod, texts) => {
      const isThere = await holds(pod.uid);
      const describe = () => (isThere || texts.size === 0 ? undefined : `write files of ${pod.name}`);
      return life.act(() => files.writeSingle(pod, texts), describe);
    },
    makeFolder: (pod, volume, folder) => place(pod, volume, () => files.makeFolder(pod, volume, folder)),
    usePath: (pod, volume, path) => place(pod, volume, () => files.usePath(pod, volume, path)),
    usedBytes: (root) => life.ask(() => files.usedBytes(root)),
    subPath: (root, subPath) => life.ask(() => files.subPath(root, subPath)),
    remove: async (podUid) => {
      const isThere = await holds(podUid);
      await life.act(
        () => files.remove(podUid),
        () => (isThere ? `remove volumes of ${podUid}` : undefined),
      );
    },
  };
}

export function mortalClaims(folders: ClaimFolders, life: Life): ClaimFolders {
  const act = async (operation: string, volume: string, work: () => Promise<void>) => {
    const before = await folders.state(volume);
    const isChange = operation === 'make' ? before === 'absent' : before !== 'absent';
    await life.act(work, () => (isChange ? `${operation} claim folder ${volume}` : undefined));
  };
  return {
    pathOf: (volume) => folders.pathOf(volume),
    list: () => life.ask(() => folders.list()),
    state: (volume) => life.ask(() => folders.state(volume)),
    make: (volume) => act('make', volume, () => folders.make(volume)),
    remove: (volume) => act('remove', volume, () => folders.remove(volume)),
    removeEmpty: (volume) => act('remove', volume, () => folders.removeEmpty(volume)),
  };
}

export function mortalRoutes(routes: PodRoutes, life: Life): PodRoutes {
  const act = (what: string, work: () => Promise<void>) => life.act(work, () => `${what} routes to pods`);
  return {
    installed: () => life.ask(() => routes.installed()),
    prepare: (transport) => act('prepare', () => routes.prepare(transport)),
    change: (transport, changes) => act('change', () => routes.change(transport, changes)),
    disturbances: (signal) => life.listen((until) => routes.disturbances(until), signal),
    remove: () => act('remove', () => routes.remove()),
  };
}

/** `filter`: the machine's rules, which outlive the process. */
export function mortalFilter(filter: PacketFilter, life: Life): PacketFilter {
  let own: RoutingTable | undefined;
  return {
    mode: filter.mode,
    get table() {
      return own && filter.table;
    },
    installed: () => life.ask(async () => own && filter.installed()),
    apply: async (table) => {
      const before = await filter.installed();
      const describe = () => (isDeepStrictEqual(before, table) ? undefined : `apply ${table.routes.length} routes`);
      await life.act(() => filter.apply(table), describe);
      own = table;
    },
    disturbances: (signal) => life.listen((until) => filter.disturbances(until), signal),
    remove: () => life.ask(() => filter.remove()),
  };
}

export function mortalSource(source: ManifestSource, life: Life): ManifestSource {
  const { name, type, location } = source;
  return {
    name,
    type,
    location,
    snapshot: (signal) => life.ask(() => source.snapshot(signal)),
    changes: (signal) => life.listen((until) => source.changes(until), signal),
    close: async () => {},
  };
}

export function mortalArchive(archive: SnapshotArchive, life: Life): SnapshotArchive {
  return {
    save: async (source, snapshot) => {
      const isKept = (await archive.load(source))?.revision === snapshot.revision;
      const describe = () => (isKept ? undefined : `archive ${source} ${snapshot.revision}`);
      await life.act(() => archive.save(source, snapshot), describe);
    },
    load: (source) => life.ask(() => archive.load(source)),
  };
}

export function mortalClock(clock: Clock, life: Life): Clock {
  const timers = new Set<CancelTimer>();
  life.signal.addEventListener('abort', () => {
    for (const cancel of timers) cancel();
  });
  return {
    now: () => clock.now(),
    setTimer(ms, callback) {
      if (life.isOver) return () => {};
      const stop = clock.setTimer(ms, () => {
        timers.delete(cancel);
        callback();
      });
      const cancel = () => {
        timers.delete(cancel);
        stop();
      };
      timers.add(cancel);
      return cancel;
    },
  };
}

export function mortalLog(log: Log, life: Life): Log {
  const unlessOver = (level: 'error' | 'info' | 'debug') => (message: string, fields?: LogFields) => {
    if (!life.isOver) log[level](message, fields);
  };
  return {
    error: unlessOver('error'),
    info: unlessOver('info'),
    debug: unlessOver('debug'),
    with: (fields) => mortalLog(log.with(fields), life),
  };
}
