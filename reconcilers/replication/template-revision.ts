/**
 * Whether a pod was made from the template its controller has now. Asked by the rollout only; errs on the side of leaving a pod
 * alone, since an upgrade of the daemon must restart nothing.
 */
import type { Pod, PodTemplateSpec } from '../objects/pod.ts';
import { podTemplateHash } from '../objects/pod-template-hash.ts';
import { withoutServiceAccountVolume } from '../objects/service-account-volume.ts';

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
    return podTemplateHash({ metadata: {}, spec: unassigned(pod, template) }) === wantedSpec;
  };
}

function versionOf(hash: string): string {
  return hash.slice(0, hash.indexOf('-'));
}

/** The pod's spec as before admission completed it, and the scheduler chose a node. */
function unassigned(pod: Pod, template: PodTemplateSpec): Pod['spec'] {
  const written = withoutServiceAccountVolume(pod.spec, template.spec);
  if (template.spec.nodeName !== undefined) return written;
  const { nodeName: _, ...spec } = written;
  return spec;
}
