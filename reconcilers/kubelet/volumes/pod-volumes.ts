/**
 * The kubelet's reads and writes of pods' volumes: compares what a volume is to hold, as the cache has it, with what is in place on
 * the node, and puts content there, with tokens made for it. Decides nothing; volumes-verdict.ts does.
 */
import type { ReadOnlyCache } from '../../kit/object-cache.ts';
import { DEFAULT_SERVICE_ACCOUNT } from '../../objects/kinds/service-account.ts';
import { keyOf } from '../../objects/meta.ts';
import type { Pod } from '../../objects/pod.ts';
import { mountedVolumes, projectionsOf } from '../../objects/volumes.ts';
import type { Clock } from '../../ports/clock.ts';
import { isAbort, isSampanError, messageOf } from '../../ports/errors.ts';
import type { TokenIssuer } from '../../ports/token-issuer.ts';
import type { VolumeFile, VolumeFiles } from '../../ports/volume-files.ts';
import type { StatusEvent } from '../actions.ts';
import { podIdentity } from '../container-spec.ts';
import type { PodIdentity } from '../identity.ts';
import type { VolumeFacts, VolumesObserved } from '../observation.ts';
import type { PodMemory } from '../pod-memory.ts';
import type { HeldVolumes } from './held-volumes.ts';
import { projectedContent, type TokenFile, type VolumeSources } from './projected-content.ts';
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
    const facts = volumes.map((volume): [string, VolumeFacts] => {
      const content = projectedContent(pod, volume, sources);
      const inPlace = placed.get(volume.name);
      return [
        volume.name,
        {
          ...(content.problem === '' ? { wanted: fingerprintOf(content) } : { problem: content.problem }),
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

  async #write(pod: Pod, name: string): Promise<void> {
    const { files, held } = this.#deps;
    const volume = mountedVolumes(pod.spec).find((each) => each.name === name);
    const content = volume && projectedContent(pod, volume, this.#sourcesOf(pod));
    // Something it needs went meanwhile: the next look says so.
    if (content === undefined || content.problem !== '') return;
    const issued = await Promise.all(content.tokens.map((token) => this.#issue(pod, token)));
    const renewals = issued.map(({ renewAt }) => renewAt);
    const revision = formatRevision({
      fingerprint: fingerprintOf(content),
      ...(renewals.length > 0 && { renewAt: Math.min(...renewals) }),
    });
    // Before anything is there: what is held is removed again, whatever comes between.
    held.add(podIdentity(pod));
    await files.write(podIdentity(pod), name, {
      revision,
      medium: 'memory',
      files: [...content.files, ...issued.map(({ file }) => file)],
    });
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
    return { file: { path: token.path, mode: token.mode, data: Buffer.from(text) }, renewAt };
  }

  #sourcesOf({ metadata }: Pod): VolumeSources {
    const { cache } = this.#deps;
    const { namespace = '' } = metadata;
    return {
      configMap: (name) => cache.get('ConfigMap', { namespace, name }),
      secret: (name) => cache.get('Secret', { namespace, name }),
      serviceAccount: (name) => cache.get('ServiceAccount', { namespace, name }),
    };
  }
}

/** The objects that a pod's volumes are made from: `ConfigMap/default/web`. */
export function volumeReferences({ metadata, spec }: Pod): string[] {
  const { namespace = '' } = metadata;
  const account = spec.serviceAccountName ?? DEFAULT_SERVICE_ACCOUNT;
  const references = mountedVolumes(spec).flatMap((volume) =>
    projectionsOf(volume).flatMap(({ configMap, secret, serviceAccountToken }) => [
      ...(configMap ? [volumeReference('ConfigMap', namespace, configMap.name)] : []),
      ...(secret ? [volumeReference('Secret', namespace, secret.name)] : []),
      ...(serviceAccountToken ? [volumeReference('ServiceAccount', namespace, account)] : []),
    ]),
  );
  return [...new Set(references)];
}

export function volumeReference(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

function failedMount(message: string): StatusEvent {
  return { type: 'Warning', reason: 'FailedMount', message };
}

/** Without the part that names the volume again. */
function causeOf(error: unknown): string {
  const detail = isSampanError(error, 'VolumeUnwritable') ? error.details.detail : undefined;
  return typeof detail === 'string' ? detail : messageOf(error);
}
