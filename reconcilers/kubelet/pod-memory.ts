/**
 * What the kubelet knows of a pod and may forget: pulls and their back-off, creations and volumes that failed, since when a deleted
 * pod is out of its Services. A restart loses it and at worst tries again at once; what must survive is in the containers' labels.
 */
import { formatKey, type ObjectKey } from '../objects/meta.ts';
import type { PodIdentity } from './identity.ts';
import type { CreationFailure, Drain, PullFacts, PullFailure, VolumeFacts } from './observation.ts';

interface Entry {
  readonly uid: string;
  readonly pulls: Map<string, PullFacts>;
  readonly failures: Map<string, CreationFailure>;
  readonly volumes: Map<string, VolumeMemory>;
  drain?: Drain;
}

type VolumeMemory = Pick<VolumeFacts, 'failure' | 'announced' | 'usage'>;

export class PodMemory {
  readonly #entries = new Map<string, Entry>();

  pulls(pod: PodIdentity): Record<string, PullFacts> {
    return Object.fromEntries(this.#known(pod)?.pulls ?? []);
  }

  failures(pod: PodIdentity): Record<string, CreationFailure> {
    return Object.fromEntries(this.#known(pod)?.failures ?? []);
  }

  pulling(pod: PodIdentity, image: string): void {
    const { pulls } = this.#of(pod);
    pulls.set(image, { ...pulls.get(image), pulling: true });
  }

  pulled(pod: PodIdentity, image: string, now: number): void {
    this.#of(pod).pulls.set(image, { pulling: false, pulledAt: now });
  }

  pullFailed(pod: PodIdentity, image: string, failure: Omit<PullFailure, 'count'>): void {
    const { pulls } = this.#of(pod);
    const before = pulls.get(image);
    const count = (before?.failure?.count ?? 0) + 1;
    pulls.set(image, { ...before, pulling: false, failure: { ...failure, count } });
  }

  pullGivenUp(pod: PodIdentity, image: string): void {
    const pulls = this.#known(pod)?.pulls;
    const before = pulls?.get(image);
    if (before !== undefined) pulls?.set(image, { ...before, pulling: false });
  }

  creationFailed(pod: PodIdentity, container: string, failure: Omit<CreationFailure, 'count'>): void {
    const { failures } = this.#of(pod);
    failures.set(container, { ...failure, count: (failures.get(container)?.count ?? 0) + 1 });
  }

  created(pod: PodIdentity, container: string): void {
    this.#known(pod)?.failures.delete(container);
  }

  volume(pod: PodIdentity, volume: string): VolumeMemory {
    return this.#known(pod)?.volumes.get(volume) ?? {};
  }

  volumeWritten(pod: PodIdentity, volume: string): void {
    this.#known(pod)?.volumes.delete(volume);
  }

  volumeFailed(pod: PodIdentity, volume: string, message: string, now: number): void {
    const { volumes } = this.#of(pod);
    const before = volumes.get(volume);
    volumes.set(volume, { ...before, failure: { at: now, count: (before?.failure?.count ?? 0) + 1, message } });
  }

  volumeAnnounced(pod: PodIdentity, volume: string, message: string): void {
    const { volumes } = this.#of(pod);
    volumes.set(volume, { ...volumes.get(volume), announced: message });
  }

  volumeMeasured(pod: PodIdentity, volume: string, usage: VolumeFacts['usage'] & {}): void {
    const { volumes } = this.#of(pod);
    volumes.set(volume, { ...volumes.get(volume), usage });
  }

  /** Takes note of whether EndpointSlices still offer the deleted pod, and answers since when it is so. */
  draining(pod: PodIdentity, routed: boolean, now: number): Drain {
    const entry = this.#of(pod);
    if (entry.drain?.routed !== routed) entry.drain = { routed, since: now };
    return entry.drain;
  }

  forget(key: ObjectKey): void {
    this.#entries.delete(formatKey(key));
  }

  #known(pod: PodIdentity): Entry | undefined {
    const entry = this.#entries.get(formatKey(pod));
    return entry?.uid === pod.uid ? entry : undefined;
  }

  /** A pod of the same name and another uid begins anew. */
  #of(pod: PodIdentity): Entry {
    const known = this.#known(pod);
    if (known !== undefined) return known;
    const entry: Entry = { uid: pod.uid, pulls: new Map(), failures: new Map(), volumes: new Map() };
    this.#entries.set(formatKey(pod), entry);
    return entry;
  }
}
