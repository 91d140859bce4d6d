/**
 * New pods and claims are completed and bounded by the LimitRanges of their namespace.
 * https://kubernetes.io/docs/concepts/policy/limit-range/
 */
import { KINDS } from '../../../objects/kinds.ts';
import { applyLimitDefaults, limitViolations } from '../../../objects/policy/limit-range-rules.ts';
import { SampanError } from '../../../ports/errors.ts';
import { type Addition, type Admission, type AdmittedWrite, NOTHING } from './admission.ts';
import type { NamespacePolicies } from './namespace-policies.ts';

export class LimitRanges implements Admission {
  readonly #policies: NamespacePolicies;

  constructor(policies: NamespacePolicies) {
    this.#policies = policies;
  }

  async admit({ operation, object }: AdmittedWrite): Promise<Addition> {
    // What a pod asks for never changes; a claim may come to ask for more.
    const isBounded =
      (object.kind === 'Pod' && operation === 'create') ||
      (object.kind === 'PersistentVolumeClaim' && operation !== 'delete');
    if (!isBounded) return NOTHING;
    const ranges = await this.#policies.of('LimitRange', object.metadata.namespace ?? '');
    if (object.kind === 'Pod') applyLimitDefaults(object, ranges);
    for (const range of ranges) {
      const violations = limitViolations(object, range);
      if (violations.length === 0) continue;
      const detail = violations.length === 1 ? violations[0] : `[${violations.join(', ')}]`;
      const { name } = object.metadata;
      throw new SampanError('NamespaceLimit', { resource: KINDS[object.kind].plural, name, detail });
    }
    return NOTHING;
  }
}
