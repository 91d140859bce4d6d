/**
 * What a write to `pods/ephemeralcontainers` changes: the pod's list of ephemeral containers and nothing else of it, and of the list
 * only what is new. Pure; a view of the write path.
 */
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import { validateEphemeralContainersUpdate } from '../../../reconcilers/objects/validation-ephemeral.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';

/** `current` with the ephemeral containers of `body`; Invalid where one that is there would change or go. */
export function withEphemeralContainers(current: Pod, body: Pod): Pod {
  const { ephemeralContainers } = (body as Partial<Pod>).spec ?? {};
  const next = { ...current, spec: { ...current.spec, ...(ephemeralContainers && { ephemeralContainers }) } };
  if (ephemeralContainers === undefined) delete next.spec.ephemeralContainers;
  const problems = validateEphemeralContainersUpdate(json(next.spec), json(current.spec));
  if (problems.length === 0) return next;
  const detail = problems.length === 1 ? String(problems[0]) : `[${problems.map(String).join(', ')}]`;
  throw new SampanError('Invalid', { kind: 'Pod', name: current.metadata.name, detail, problems });
}

function json(value: unknown): JsonObject {
  return value as JsonObject;
}
