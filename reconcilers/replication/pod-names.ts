/**
 * The names of a controller's new pods. They look drawn by lot but are claims: they follow from the controller's uid, the version
 * of it that was looked at, and a count, so that whoever repeats the work (after a crash, a lost answer, a change of leader)
 * asks for the same names, and the store lets only one of them have each. docs/decisions/0007 says why.
 */
import { createHash } from 'node:crypto';
import type { ReplicationController } from '../objects/replication-controller.ts';
import { nameSuffix } from '../ports/random.ts';

/** What of the controller's name fits before a dash and five characters, as Kubernetes cuts generated names. */
const MAX_BASE = 57;

/** `upper-`, to which the five characters are added. */
export function podNamePrefix(controller: ReplicationController): string {
  return `${controller.metadata.name.slice(0, MAX_BASE)}-`;
}

/** The first `count` names of this version of the controller that no pod has. */
export function podNames(controller: ReplicationController, taken: readonly string[], count: number): string[] {
  const { uid, resourceVersion } = controller.metadata;
  const used = new Set(taken);
  const names: string[] = [];
  for (let nonce = 0; names.length < count; nonce++) {
    const name = podNamePrefix(controller) + claimSuffix(`${uid}/${resourceVersion}/${nonce}`);
    if (used.has(name)) continue;
    used.add(name);
    names.push(name);
  }
  return names;
}

function claimSuffix(claim: string): string {
  const digest = createHash('sha256').update(claim).digest();
  let at = 0;
  const next = () => digest.readUInt32BE(4 * at++) / 2 ** 32;
  return nameSuffix({ next, uuid: () => claim });
}
