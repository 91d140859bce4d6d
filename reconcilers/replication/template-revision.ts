/**
 * Whether a pod was made from the template its controller has now. Asked by the rollout only; errs on the side of leaving a pod
 * alone, since an upgrade of the daemon must restart nothing.
 */
import type { Container, Pod, PodTemplateSpec } from '../objects/pod.ts';
import { podTemplateHash } from '../objects/pod-template-hash.ts';
import { ANNOTATION_LIMIT_RANGER } from '../objects/policy/limit-range-rules.ts';
import { pick } from '../objects/policy/resource-list.ts';
import { withoutServiceAccountVolume } from '../objects/service-account-volume.ts';
import { isDefault } from '../objects/taints.ts';

/** On each pod the loop makes: the fingerprint of its template, `v1-0a1b...`. */
export const ANNOTATION_TEMPLATE_HASH = 'sampan.dev/template-hash';

/** Answers for pods of one template. */
export function templateMatcher(template: PodTemplateSpec): (pod: Pod) => boolean {
  const wanted = podTemplateHash(template);
  let wantedSpec: string | undefined;
  return (pod) => {
    const made = pod.metadata.annotations?.[ANNOTATION_TEMPLATE_HASH];
    if (made !== undefined && versionOf(made) === versionOf(wanted)) return made === wanted;
    // Adopted, or made by a daemon that took fingerprints differently: what the pod itself says it runs is compared, and
    // labels and annotations, which others may have touched, are not.
    wantedSpec ??= podTemplateHash({ metadata: {}, spec: template.spec });
    return podTemplateHash({ metadata: {}, spec: asDeclared(pod, template) }) === wantedSpec;
  };
}

function versionOf(hash: string): string {
  return hash.slice(0, hash.indexOf('-'));
}

/** The pod's spec as before a node was chosen, and without what admission has filled in. */
function asDeclared(pod: Pod, template: PodTemplateSpec): Pod['spec'] {
  const {
    nodeName: _,
    tolerations = [],
    imagePullSecrets,
    ...rest
  } = withoutServiceAccountVolume(pod.spec, template.spec);
  const declared = template.spec.tolerations ?? [];
  const own = tolerations.filter((each) => !isDefault(each) || declared.some(isDefault));
  return {
    ...rest,
    ...(own.length > 0 && { tolerations: own }),
    // Where the template names none, they are the account's.
    ...(template.spec.imagePullSecrets && imagePullSecrets && { imagePullSecrets }),
    ...(template.spec.nodeName !== undefined && pod.spec.nodeName !== undefined && { nodeName: pod.spec.nodeName }),
    ...withoutLimitDefaults({ ...pod, spec: rest }, template),
  };
}

type Lists = Pick<Pod['spec'], 'containers' | 'initContainers'>;

function withoutLimitDefaults(
  { metadata, spec }: { readonly metadata: Pod['metadata']; readonly spec: Lists },
  template: PodTemplateSpec,
): Lists {
  const { containers, initContainers } = spec;
  if (metadata.annotations?.[ANNOTATION_LIMIT_RANGER] === undefined) {
    return { containers, ...(initContainers && { initContainers }) };
  }
  const limited = (made: readonly Container[], declared: readonly Container[] = []) =>
    made.map((container, i) => {
      const { requests = {}, limits = {} } = declared[i]?.resources ?? {};
      const resources = {
        requests: pick(container.resources?.requests ?? {}, Object.keys({ ...limits, ...requests })),
        limits: pick(container.resources?.limits ?? {}, Object.keys(limits)),
      };
      return { ...container, resources };
    });
  return {
    containers: limited(containers, template.spec.containers),
    ...(initContainers && { initContainers: limited(initContainers, template.spec.initContainers) }),
  };
}
