/**
 * The kubelet's reads and writes of pods' volumes: compares how a volume is to be provided, as the cache has it, with what is in place
 * on the node, and puts it there, with tokens made for it. Decides nothing; volumes-verdict.ts does.
 */
import type { ReadOnlyCache } from '../../kit/object-cache.ts';
import { keyOf } from '../../objects/meta.ts';
import type { Pod } from '../../objects/pod.ts';
import { mountedVolumes, type Volume } from '../../objects/volumes.ts';
import type { Clock } from '../../ports/clock.ts';
import { isAbort, isSampanError, messageOf } from '../../ports/errors.ts';
import type { TokenIssuer } from '../../ports/token-issuer.ts';
import type { PlacedVolume, VolumeContent, VolumeFile, VolumeFiles } from '../../ports/volume-files.ts';
import type { StatusEvent } from '../actions.ts';
import { configObjects, nodeAllocatable } from '../config-objects.ts';
import { podIdentity } from '../container-spec.ts';
import type { PodIdentity } from '../identity.ts';
import type { VolumeFacts, VolumesObserved } from '../observation.ts';
import type { PodMemory } from '../pod-memory.ts';
import type { ClaimSources } from './claimed-path.ts';
import { diskLimitOf, MEASURED_EVERY_MS } from './disk-limit.ts';
import type { HeldVolumes } from './held-volumes.ts';
import type { ProjectedContent, TokenFile, VolumeSources } from './projected-content.ts';
import { provisionOf, wantedOf } from './provision.ts';
import { fingerprintOf, formatRevision } from './revision.ts';
import { mountFailure, type VolumeProblem } from './volumes-verdict.ts';

/** A token is renewed when so much of its life is over, and at least once a day, as the kubelet's token manager does. */
const RENEWED_AFTER = 0.8;
const MOST_AGE_MS = 24 * 3_600_000;

export interface PodVolumesDeps {
  readonly cache: ReadOnlyCache;
  readonly files: VolumeFiles;
  readonly tokens: TokenIssuer;
  readonly memory: PodMemory;
  readonly held: HeldVolumes;
  readonly clock: Clock;
  readonly nodeName: string;
}

type Announce = (event: StatusEvent) => void;

export class PodVolumes {
  readonly #deps: PodVolumesDeps;

  constructor(deps: PodVolumesDeps) {
    this.#deps = deps;
  }

  async observe(pod: Pod): Promise<VolumesObserved['facts']> {
    const { files, memory } = this.#deps;
    const volumes = mountedVolumes(pod.spec);
    if (volumes.length === 0) return {};
    const placed = await files.placed(pod.metadata.uid);
    const sources = this.#sourcesOf(pod);
    for (const volume of volumes) await this.#measure(pod, volume, placed.get(volume.name));
    const facts = volumes.map((volume): [string, VolumeFacts] => {
      const inPlace = placed.get(volume.name);
      return [
        volume.name,
        {
          ...wantedOf(provisionOf(pod, volume, sources), inPlace),
          ...(inPlace && { inPlace }),
          ...memory.volume(podIdentity(pod), volume.name),
        },
      ];
    });
    return Object.fromEntries(facts);
  }

  /** What cannot be written is remembered, and people are told; it never fails the pod's other volumes. */
  async write(identity: PodIdentity, names: readonly string[], announce: Announce): Promise<void> {
    const { cache, memory, clock } = this.#deps;
    const pod = cache.get('Pod', keyOf({ metadata: identity }));
    if (pod?.metadata.uid !== identity.uid) return;
    for (const name of names) {
      try {
        await this.#write(pod, name);
        memory.volumeWritten(identity, name);
      } catch (error) {
        if (isAbort(error)) throw error;
        const detail = causeOf(error);
        memory.volumeFailed(identity, name, detail, clock.now());
        announce(failedMount(mountFailure(name, detail)));
      }
    }
  }

  announce(identity: PodIdentity, failures: readonly VolumeProblem[], announce: Announce): void {
    for (const { volume, message } of failures) {
      announce(failedMount(message));
      this.#deps.memory.volumeAnnounced(identity, volume, message);
    }
  }

  async remove(podUids: readonly string[]): Promise<void> {
    const { files, held } = this.#deps;
    for (const uid of podUids) {
      await files.remove(uid);
      held.remove(uid);
    }
  }

  async #measure(pod: Pod, volume: Volume, inPlace: PlacedVolume | undefined): Promise<void> {
    const { files, memory, clock } = this.#deps;
    const limit = diskLimitOf(volume);
    if (limit === undefined || inPlace === undefined) return;
    const identity = podIdentity(pod);
    const { usage } = memory.volume(identity, volume.name);
    const at = clock.now();
    if (usage !== undefined && at < usage.at + MEASURED_EVERY_MS) return;
    memory.volumeMeasured(identity, volume.name, { bytes: await files.usedBytes(inPlace.path), limit, at });
  }

  async #write(pod: Pod, name: string): Promise<void> {
    const { files, held } = this.#deps;
    const identity = podIdentity(pod);
    const volume = mountedVolumes(pod.spec).find((each) => each.name === name);
    const provision = volume && provisionOf(pod, volume, this.#sourcesOf(pod));
    // Something it needs went meanwhile: the next look says so.
    if (provision === undefined || 'problem' in wantedOf(provision)) return;
    // Before anything is there: what is held is removed again, whatever comes between.
    held.add(identity);
    switch (provision.sort) {
      case 'files':
        return files.write(identity, name, await this.#content(pod, provision.content));
      case 'folder':
        return files.makeFolder(identity, name, provision.folder);
      case 'path':
        return files.usePath(identity, name, provision.hostPath);
      case 'missing':
        return;
    }
  }

  async #content(pod: Pod, content: ProjectedContent): Promise<VolumeContent> {
    const issued = await Promise.all(content.tokens.map((token) => this.#issue(pod, token)));
    const renewals = issued.map(({ renewAt }) => renewAt);
    const revision = formatRevision({
      fingerprint: fingerprintOf(content),
      ...(renewals.length > 0 && { renewAt: Math.min(...renewals) }),
    });
    const files = [...content.files, ...issued.map(({ file }) => file)];
    return { revision, medium: 'memory', files, ...(content.group !== undefined && { group: content.group }) };
  }

  async #issue(pod: Pod, token: TokenFile): Promise<{ file: VolumeFile; renewAt: number }> {
    const { tokens, clock } = this.#deps;
    const { name, namespace = '', uid } = pod.metadata;
    const now = clock.now();
    const { token: text, expiresAt } = await tokens.issue({
      namespace,
      serviceAccount: token.account.name,
      audiences: token.audience === undefined ? [] : [token.audience],
      expirationSeconds: token.expirationSeconds,
      pod: { name, uid },
    });
    const renewAt = now + Math.min((expiresAt - now) * RENEWED_AFTER, MOST_AGE_MS);
    const { path, mode, owner } = token;
    return { file: { path, mode, data: Buffer.from(text), ...(owner !== undefined && { owner }) }, renewAt };
  }

  #sourcesOf(pod: Pod): VolumeSources & ClaimSources {
    const { cache, nodeName } = this.#deps;
    const { namespace = '' } = pod.metadata;
    return {
      ...configObjects(cache, namespace),
      claim: (key) => cache.get('PersistentVolumeClaim', key),
      persistentVolume: (name) => cache.get('PersistentVolume', { namespace: '', name }),
      node: { name: nodeName, labels: cache.get('Node', { namespace: '', name: nodeName })?.metadata.labels ?? {} },
      serviceAccount: (name) => cache.get('ServiceAccount', { namespace, name }),
      allocatable: nodeAllocatable(cache, nodeName),
    };
  }
}

function failedMount(message: string): StatusEvent {
  return { type: 'Warning', reason: 'FailedMount', message };
}

/** Without the part that names the volume again. */
function causeOf(error: unknown): string {
  const detail = isSampanError(error, 'VolumeUnwritable') ? error.details.detail : undefined;
  return typeof detail === 'string' ? detail : messageOf(error);
}
