/**
 * What must be true at every instant, not only in the end: at each revision of the store, and at each change a daemon makes. A guard
 * is set once; what breaks it fails the scenario at its next wait.
 */
import assert from 'node:assert/strict';
import { LABEL_UID } from '../../../reconcilers/kubelet/identity.ts';
import { isPodReady, isPodTerminal, type Pod } from '../../../reconcilers/objects/pod.ts';
import type { World } from './world.ts';

/** Of the controller's pods never fewer than `least` are available, and never is one made that is more than `most`: as they say now. */
export function guardReplicas({ ledger }: World, name: string, limits: { least: number; most: number }): void {
  ledger.onRevision((entries, revision) => {
    const { least, most } = limits;
    const touched = entries.filter(({ key }) => key.startsWith(`/registry/pods/default/${name}-`));
    if (touched.length === 0) return;
    const pods = ledger.list('Pod').filter((pod) => pod.metadata.labels?.name === name && isActive(pod));
    const available = pods.filter(isPodReady).length;
    assert.ok(
      available >= least,
      `${available} pods of ${name} are available at revision ${revision}, fewer than ${least}`,
    );
    const isCreation = touched.some(({ before }) => before === undefined);
    assert.ok(
      !isCreation || pods.length <= most,
      `${pods.length} pods of ${name} at revision ${revision}, over ${most}`,
    );
  });
}

function isActive(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && !isPodTerminal(pod);
}

/** No container is stopped while the rules in force send requests to it. */
export function guardRequests(world: World): void {
  world.onChange((machine, change) => {
    const [operation, id] = change.split(' ');
    if (operation !== 'stop') return;
    const uid = machine.runtime.containers.find((record) => record.id === id)?.labels[LABEL_UID];
    const pod = world.ledger.list('Pod').find(({ metadata }) => metadata.uid === uid);
    const route = machine.installedTable?.routes.find(({ endpoints }) =>
      endpoints.some(({ ip }) => ip === pod?.status.podIP),
    );
    assert.equal(route, undefined, `pod ${pod?.metadata.name} is stopped while requests go to it`);
  });
}

/** No cluster IP and no node port is ever two Services'. */
export function guardServiceAddresses({ ledger }: World): void {
  ledger.onRevision((entries, revision) => {
    if (!entries.some(({ key }) => key.startsWith('/registry/services/specs/'))) return;
    const held = ledger
      .list('Service')
      .flatMap(({ spec }) => [spec.clusterIP, ...spec.ports.flatMap(({ nodePort }) => nodePort ?? [])]);
    assert.equal(new Set(held).size, held.length, `an address is held twice at revision ${revision}: ${held}`);
  });
}
