/**
 * What is to be done about a pod's volumes, and whether its containers may start: pure, a part of the kubelet's plan. Content comes
 * before the first container, and is kept as the cluster has it from then on; what cannot be had any more stays as it was.
 */
import type { VolumeFacts, VolumesObserved } from '../observation.ts';
import { MEASURED_EVERY_MS } from './disk-limit.ts';
import { parseRevision } from './revision.ts';

/** As the kubelet's volume manager: the first retry is soon, the last ones two minutes apart. */
const RETRY_MS = { first: 500, most: 122_000 };

export interface VolumeProblem {
  readonly volume: string;
  /** The FailedMount event's. */
  readonly message: string;
}

export interface VolumesVerdict {
  /** Names of those whose content is to be written now. */
  readonly write: readonly string[];
  /** Of which nobody was told yet. */
  readonly announce: readonly VolumeProblem[];
  /** Why no container may start; undefined where they may. */
  readonly waitsFor?: string;
  /** Look again then. */
  readonly changesAt?: number;
}

export function volumesVerdict(observed: VolumesObserved | undefined, now: number): VolumesVerdict {
  const write: string[] = [];
  const announce: VolumeProblem[] = [];
  const times: number[] = [];
  const missing: string[] = [];
  for (const [volume, each] of Object.entries(observed?.facts ?? {})) {
    if (each.inPlace === undefined)
      missing.push(each.problem ?? each.failure?.message ?? `volume "${volume}" is written first`);
    if (each.problem !== undefined) {
      const message = mountFailure(volume, each.problem);
      if (each.announced !== message) announce.push({ volume, message });
      continue;
    }
    if (each.usage !== undefined) times.push(each.usage.at + MEASURED_EVERY_MS);
    const due = dueAt(each);
    if (due <= now) write.push(volume);
    else if (due < Number.POSITIVE_INFINITY) times.push(due);
  }
  const [waitsFor] = missing;
  return {
    write,
    announce,
    ...(waitsFor !== undefined && { waitsFor: `its volumes are not ready: ${waitsFor}` }),
    ...(times.length > 0 && { changesAt: Math.min(...times) }),
  };
}

/** Kubernetes' words, with its blank before the colon. */
export function mountFailure(volume: string, problem: string): string {
  return `MountVolume.SetUp failed for volume "${volume}" : ${problem}`;
}

/** When the content is to be written: 0 is at once. */
function dueAt({ wanted, inPlace, failure }: VolumeFacts): number {
  const current = inPlace && parseRevision(inPlace.revision);
  const due =
    current === undefined || current.fingerprint !== wanted ? 0 : (current.renewAt ?? Number.POSITIVE_INFINITY);
  if (failure === undefined) return due;
  return Math.max(due, failure.at + Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** (failure.count - 1)));
}
