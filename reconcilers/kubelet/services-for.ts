/** The Services whose variables the containers of a pod get. Read when a container starts. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Pod } from '../objects/pod.ts';
import type { Service } from '../objects/service.ts';

/** The namespace's, and `default/kubernetes`. */
export function servicesFor(pod: Pod, cache: ReadOnlyCache): Service[] {
  const namespace = pod.metadata.namespace ?? '';
  const own = pod.spec.enableServiceLinks ? cache.list('Service', namespace) : [];
  const master = cache.get('Service', { namespace: 'default', name: 'kubernetes' });
  return master === undefined || own.includes(master) ? own : [...own, master];
}
