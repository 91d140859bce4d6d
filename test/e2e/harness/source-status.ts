/** What the daemon says of its manifest source: waiting for a revision to be applied, or refused. */
import type { Cluster } from './apps.ts';
import { eventually } from './eventually.ts';
import type { KubeObject } from './kube-client.ts';

/** The daemon's first source. */
export async function sourceOf({ sampan }: Cluster): Promise<KubeObject> {
  const [source] = await sampan.api.list('/apis/sampan.dev/v1/sources');
  if (source === undefined) throw new Error('the daemon has no source');
  return source;
}

/** Resolves when what was seen last is applied; with `revision`, when that one is. */
export async function readySource(cluster: Cluster, revision?: string): Promise<KubeObject> {
  return eventually(
    async () => {
      const source = await sourceOf(cluster);
      const { appliedRevision } = source.status;
      if (readyCondition(source)?.status !== 'True') throw new Error(readyCondition(source)?.message);
      if (revision !== undefined && appliedRevision !== revision) throw new Error(`${appliedRevision} is applied`);
      return source;
    },
    { describe: `${revision ?? 'the newest revision'} to be applied` },
  );
}

/** Resolves when the daemon says that it does not apply the newest revision, in words that match. */
export async function refusedSource(cluster: Cluster, why: RegExp): Promise<void> {
  await eventually(
    async () => {
      const ready = readyCondition(await sourceOf(cluster));
      return ready?.status === 'False' && ready.reason.endsWith('Refused') && why.test(ready.message);
    },
    { describe: `the revision to be refused with ${why}` },
  );
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

function readyCondition(source: KubeObject): Condition | undefined {
  return source.status.conditions.find(({ type }: Condition) => type === 'Ready');
}
