/**
 * What is created or grows in a namespace is counted on its ResourceQuotas in the same transaction, under a condition on each
 * quota's revision: nothing overshoots and nothing is counted that was not written, whatever crashes when. What goes away is
 * counted by the resource-quota loop. https://kubernetes.io/docs/concepts/policy/resource-quotas/
 */

import type { ResourceQuota } from '../../../objects/kinds/resource-quota.ts';
import { type AnyObject, KINDS, storeKey } from '../../../objects/kinds.ts';
import { keyOf } from '../../../objects/meta.ts';
import { checkQuota } from '../../../objects/policy/quota-check.ts';
import { isCounted, isCountedBy } from '../../../objects/policy/quota-usage.ts';
import type { Clock } from '../../../ports/clock.ts';
import { SampanError } from '../../../ports/errors.ts';
import type { Condition, Store, Write } from '../../../ports/store.ts';
import { parseStored, storedValueOf } from '../stored-object.ts';
import { type Addition, type Admission, type AdmittedWrite, NOTHING } from './admission.ts';
import type { NamespacePolicies } from './namespace-policies.ts';

export interface ResourceQuotaDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly policies: NamespacePolicies;
}

export class ResourceQuotas implements Admission {
  readonly #deps: ResourceQuotaDeps;
  /** The end of the last write that waits, by namespace: they would only outrun each other. */
  readonly #queues = new Map<string, Promise<void>>();

  constructor(deps: ResourceQuotaDeps) {
    this.#deps = deps;
  }

  async admit(write: AdmittedWrite): Promise<Addition> {
    const { operation, object } = write;
    const { namespace } = object.metadata;
    if (operation === 'delete' || namespace === undefined || !isCounted(object.kind)) return NOTHING;
    // Of what exists, only Services (their type) and claims (their size) can come to use more.
    const mayGrow = object.kind === 'Service' || object.kind === 'PersistentVolumeClaim';
    if (operation === 'update' && !mayGrow) return NOTHING;
    const quotas = await this.#deps.policies.of('ResourceQuota', namespace);
    const concerned = quotas.filter((quota) => isCountedBy(quota, object));
    if (concerned.length === 0) return NOTHING;

    const done = await this.#turn(namespace);
    try {
      const additions: Addition[] = [];
      for (const quota of concerned) additions.push(await this.#charge(quota, object, previousOf(write)));
      return {
        conditions: additions.flatMap(({ conditions }) => conditions),
        writes: additions.flatMap(({ writes }) => writes),
        done,
      };
    } catch (error) {
      done();
      throw error;
    }
  }

  /** The quota as it is stored now: the cache only said that there is one. */
  async #charge(known: ResourceQuota, object: AnyObject, previous: AnyObject | undefined): Promise<Addition> {
    const { store, clock } = this.#deps;
    const key = storeKey('ResourceQuota', keyOf(known));
    const stored = await store.get(key);
    if (stored === undefined) return NOTHING;
    const quota = parseStored('ResourceQuota', stored);
    const checked = checkQuota(quota, object, previous, clock.now());
    switch (checked.verdict) {
      case 'nothing':
        return NOTHING;
      case 'refused': {
        const { name } = object.metadata;
        throw new SampanError('NamespaceLimit', {
          resource: KINDS[object.kind].plural,
          name,
          detail: checked.because,
        });
      }
      case 'used': {
        const conditions: Condition[] = [{ key, modRevision: stored.modRevision }];
        const value = storedValueOf({ ...quota, status: { ...quota.status, used: { ...checked.used } } });
        const writes: Write[] = [{ op: 'put', key, value }];
        return { conditions, writes };
      }
    }
  }

  /** Resolves when it is this write's turn; the next waits until what it answers is called. */
  async #turn(namespace: string): Promise<() => void> {
    const before = this.#queues.get(namespace);
    const { promise: over, resolve } = Promise.withResolvers<void>();
    this.#queues.set(namespace, over);
    await before;
    return () => {
      if (this.#queues.get(namespace) === over) this.#queues.delete(namespace);
      resolve();
    };
  }
}

function previousOf(write: AdmittedWrite): AnyObject | undefined {
  return write.operation === 'update' ? write.previous : undefined;
}
