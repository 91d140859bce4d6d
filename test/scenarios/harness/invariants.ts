/**
 * What must be true of a world once its daemons have nothing left to do: what runs equals what is declared, to the last container,
 * route, address and inventory entry; and a settled daemon does nothing. Each check throws an AssertionError that says what differs.
 */
import assert from 'node:assert/strict';
import { LABEL_CONTAINER, LABEL_UID, SANDBOX } from '../../../reconcilers/kubelet/identity.ts';
import { internalIP } from '../../../reconcilers/objects/cluster.ts';
import { LABEL_SERVICE_NAME } from '../../../reconcilers/objects/kinds/endpoint-slice.ts';
import { isPodReady, type Pod } from '../../../reconcilers/objects/pod.ts';
import type { ContainerRecord } from '../../../reconcilers/ports/container-runtime.ts';
import { type Declared, type DeclaredController, type DeclaredService, declaredBy, type Files } from './declared.ts';
import type { Machine, World } from './world.ts';

const KUBERNETES_SERVICE = 'kubernetes';
const LABEL_SANDBOX_ATTEMPT = 'sampan.dev/sandbox-attempt';
const IPS = '/registry/ranges/serviceips/';
const NODE_PORTS = '/registry/ranges/servicenodeports/';

/** Events of what was done last are written a moment later. */
const EVENTS_MS = 1_000;

/** Everything is as `files` declare it, and nothing else is there. `applied`: the revision they are. */
export function checkConverged(world: World, files: Files, applied?: string): void {
  const declared = declaredBy(files);
  for (const controller of declared.controllers) checkController(world, controller);
  checkNames(
    'controllers',
    world.ledger.list('ReplicationController'),
    declared.controllers.map(({ name }) => name),
  );
  checkNames('services', world.ledger.list('Service'), [
    KUBERNETES_SERVICE,
    ...declared.services.map(({ name }) => name),
  ]);
  const replicas = declared.controllers.reduce((sum, controller) => sum + controller.replicas, 0);
  assert.equal(world.ledger.list('Pod').length, replicas, 'pods, all in all');
  for (const machine of world.machines.filter(({ daemon }) => daemon !== undefined)) {
    checkContainers(world, machine);
    checkVolumes(world, machine);
    checkRoutes(world, machine, declared.services);
    checkPodRoutes(world, machine);
  }
  checkSlices(world, declared.services);
  checkAddresses(world);
  checkSource(world, declared, applied);
}

/** To the pods of all other nodes, by way of those. */
function checkPodRoutes(world: World, { name, routes }: Machine): void {
  const others = world.ledger.list('Node').filter(({ metadata }) => metadata.name !== name);
  const expected = others.map((node) => [node.spec.podCIDR ?? '', internalIP(node) ?? '']);
  assert.deepEqual([...routes.routes].sort(), expected.sort(), `routes to other nodes' pods on ${name}`);
}

function checkNames(what: string, objects: readonly { metadata: { name: string } }[], expected: string[]): void {
  const names = objects.map(({ metadata }) => metadata.name);
  assert.deepEqual(names, [...expected].sort(), what);
}

function checkController(world: World, { name, replicas, containers }: DeclaredController): void {
  const controller = world.ledger.list('ReplicationController').find(({ metadata }) => metadata.name === name);
  assert.ok(controller, `controller ${name} is stored`);
  assert.equal(controller.spec.replicas, replicas, `replicas of ${name}`);
  const pods = world.ledger.list('Pod').filter(({ metadata }) => metadata.labels?.name === name);
  const images = pods.map((pod) => pod.spec.containers.map((each) => ({ name: each.name, image: each.image })));
  assert.deepEqual(images, Array(replicas).fill(containers), `pods of ${name}`);
  for (const pod of pods) {
    const { name: podName, deletionTimestamp, ownerReferences } = pod.metadata;
    assert.equal(deletionTimestamp, undefined, `pod ${podName} is not being deleted`);
    assert.equal(ownerReferences?.[0]?.uid, controller.metadata.uid, `pod ${podName} belongs to ${name}`);
    assert.ok(pod.status.phase === 'Running' && isPodReady(pod), `pod ${podName} is ready`);
  }
  const { replicas: counted, readyReplicas, availableReplicas } = controller.status;
  const told = { counted, readyReplicas, availableReplicas };
  const expected = { counted: replicas, readyReplicas: replicas, availableReplicas: replicas };
  assert.deepEqual(told, expected, `status of ${name}`);
}

/** On the machine runs, of each of its pods, one pause container and in its network one container each; and nothing else. */
function checkContainers(world: World, { name, runtime }: Machine): void {
  const pods = world.ledger.list('Pod').filter(({ spec }) => spec.nodeName === name);
  const byUid = Map.groupBy(runtime.containers, ({ labels }) => labels[LABEL_UID] ?? '');
  const orphans = [...byUid.keys()].filter((uid) => !pods.some(({ metadata }) => metadata.uid === uid));
  assert.deepEqual(orphans, [], `containers on ${name} of no pod`);
  for (const pod of pods) checkPodContainers(pod, byUid.get(pod.metadata.uid) ?? []);
  const addresses = runtime.containers.flatMap(({ ip }) => ip ?? []);
  assert.equal(new Set(addresses).size, addresses.length, `no address is held twice on ${name}`);
}

function checkPodContainers(pod: Pod, containers: readonly ContainerRecord[]): void {
  const running = containers.filter(({ state }) => state === 'running');
  const nameOf = ({ labels }: ContainerRecord) => labels[LABEL_CONTAINER] ?? '';
  const expected = [
    SANDBOX,
    ...pod.spec.containers.map(({ name, image }) => `${name} ${image} in ${sandboxAttempt(running)}`),
  ];
  const found = running.map((record) =>
    nameOf(record) === SANDBOX
      ? SANDBOX
      : `${nameOf(record)} ${record.image} in ${record.labels[LABEL_SANDBOX_ATTEMPT]}`,
  );
  assert.deepEqual(found.sort(), expected.sort(), `containers of pod ${pod.metadata.name}`);
  const sandbox = running.find((record) => nameOf(record) === SANDBOX);
  assert.equal(pod.status.podIP, sandbox?.ip, `address of pod ${pod.metadata.name}`);
  // Of each container one that has ended is kept for its logs, and no other.
  for (const [name, ended] of Map.groupBy(
    containers.filter(({ state }) => state !== 'running'),
    nameOf,
  )) {
    assert.ok(ended.length === 1 && name !== SANDBOX, `pod ${pod.metadata.name} keeps ${ended.length} ended ${name}`);
  }
}

/** The machine holds volumes of just the pods that run on it and mount some. */
function checkVolumes(world: World, { name, files }: Machine): void {
  const pods = world.ledger.list('Pod').filter(({ spec }) => spec.nodeName === name && (spec.volumes?.length ?? 0) > 0);
  const uids = pods.map(({ metadata }) => metadata.uid).sort();
  assert.deepEqual(files.heldUids, uids, `pods that ${name} holds volumes of`);
}

function sandboxAttempt(containers: readonly ContainerRecord[]): string | undefined {
  return containers.find(({ labels }) => labels[LABEL_CONTAINER] === SANDBOX)?.labels[LABEL_SANDBOX_ATTEMPT];
}

/** Each Service has its ready pods in its slices, each once. */
function checkSlices(world: World, services: readonly DeclaredService[]): void {
  const slices = Map.groupBy(
    world.ledger.list('EndpointSlice'),
    ({ metadata }) => metadata.labels?.[LABEL_SERVICE_NAME],
  );
  for (const { name, selects } of services) {
    const pods = world.ledger.list('Pod').filter((pod) => pod.metadata.labels?.name === selects && isPodReady(pod));
    const found = (slices.get(name) ?? []).flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses));
    assert.deepEqual(found.sort(), pods.map(({ status }) => status.podIP).sort(), `endpoint slices of ${name}`);
    slices.delete(name);
  }
  assert.deepEqual([...slices.keys()], [], 'slices of no Service');
}

function checkRoutes(world: World, machine: Machine, services: readonly DeclaredService[]): void {
  const stored = new Map(world.ledger.list('Service').map((service) => [service.metadata.name, service]));
  const pods = world.ledger.list('Pod');
  const expected = services.flatMap(({ name, selects, ports }) =>
    ports.map(({ port, targetPort, nodePort }) => ({
      name: `default/${name}`,
      protocol: 'TCP',
      clusterIP: stored.get(name)?.spec.clusterIP,
      port,
      ...(nodePort !== undefined && { nodePort }),
      endpoints: pods
        .filter((pod) => pod.metadata.labels?.name === selects && isPodReady(pod))
        .map((pod) => ({ ip: pod.status.podIP ?? '', port: targetPort }))
        .sort((a, b) => (a.ip < b.ip ? -1 : 1)),
    })),
  );
  const routes = (machine.installedTable?.routes ?? []).filter(({ name }) => name !== 'default/kubernetes:https');
  assert.deepEqual(routes, expected.sort(byName), `routes on ${machine.name}`);
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

/** Exactly what Services have is claimed. */
function checkAddresses({ ledger }: World): void {
  const claimed = (prefix: string) =>
    ledger.keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  const services = ledger.list('Service').map(({ spec }) => spec);
  assert.deepEqual(claimed(IPS).sort(), services.map(({ clusterIP }) => clusterIP).sort(), 'cluster IPs');
  const ports = services.flatMap((spec) => spec.ports.flatMap(({ nodePort }) => (nodePort ? `${nodePort}/TCP` : [])));
  assert.deepEqual(claimed(NODE_PORTS).sort(), ports.sort(), 'node ports');
}

function checkSource({ ledger }: World, declared: Declared, applied: string | undefined): void {
  const [source] = ledger.list('Source');
  const inventory = source?.status.inventory.map(({ kind, name, file }) => `${kind}/${name} ${file}`).sort();
  assert.deepEqual(inventory, declared.objects, 'the inventory');
  if (applied !== undefined) assert.equal(source?.status.appliedRevision, applied, 'the applied revision');
}

/** For `ms` of the world's time the daemons write nothing but their heartbeat, ask nothing of Docker, and say nothing. */
export async function checkQuiet(world: World, ms: number): Promise<void> {
  await world.advance(EVENTS_MS);
  const written: string[] = [];
  world.ledger.onRevision((entries) => {
    const told = entries.filter(({ key }) => !key.startsWith('/registry/leases/kube-node-lease/'));
    written.push(...told.map(({ key, after }) => `${key} ${messageIn(after)}`));
  });
  const counts = () =>
    world.machines.map(({ runtime, filter }) => ({
      docker: runtime.calls.filter(({ operation }) => !['list', 'find-network', 'image', 'info'].includes(operation))
        .length,
      tables: filter.applied.length,
    }));
  const [before, lines] = [counts(), world.log.lines.length];
  await world.advance(ms);
  assert.deepEqual(written, [], 'a settled daemon writes nothing');
  assert.deepEqual(counts(), before, 'a settled daemon changes nothing');
  const said = world.log.lines.slice(lines).filter(({ level }) => level !== 'debug');
  assert.deepEqual(said, [], 'a settled daemon is silent');
}

function messageIn(stored: unknown): string {
  const { reason = '', message = '' } = (stored ?? {}) as { reason?: string; message?: string };
  return `${reason} ${message}`.trim();
}

/** The ids of what runs on all machines, by container name. */
export function runningIds(world: World): ReadonlyMap<string, string> {
  const running = world.machines.flatMap(({ runtime }) =>
    runtime.containers.filter(({ state }) => state === 'running'),
  );
  return new Map(running.map(({ id, name }) => [id, name]));
}

/** What ran at `before`, and still is a container of a pod that exists, runs on as it was. */
export function checkUntouched(world: World, before: ReadonlyMap<string, string>): void {
  const pods = new Set(world.ledger.list('Pod').map(({ metadata }) => metadata.uid));
  const now = runningIds(world);
  const lost = [...before].filter(([id, name]) => !now.has(id) && pods.has(name.split('_')[4] ?? ''));
  assert.deepEqual(lost, [], 'containers that were right have been restarted');
}
