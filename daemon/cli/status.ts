/** `sampan status`: which source, which commit is applied, since when, what is not ready and why. */
import { problemLines } from '../../reconcilers/manifest-sync/sync-status.ts';
import { age } from '../../reconcilers/objects/age.ts';
import type { Node } from '../../reconcilers/objects/cluster.ts';
import { KINDS, type Kind, type ObjectOf } from '../../reconcilers/objects/kinds.ts';
import type { Source } from '../../reconcilers/objects/source.ts';
import type { ClientConfig } from '../config.ts';
import type { ApiConnection } from './api-connection.ts';
import { collectionPath, type Output } from './get.ts';
import { drawPicture } from './picture.ts';

const SHOWN_HISTORY = 5;
const SHOWN_PROBLEMS = 20;

/** What the daemon's `/diagnostics` answers. */
export interface Diagnostics {
  readonly version: string;
  readonly startedAt: number;
  readonly store: string;
  readonly runtime: string;
  readonly proxyMode: string;
  /** Which of several masters leads; absent where there is no other. */
  readonly leader?: string;
  /** Keys whose last attempt failed. */
  readonly stuck: readonly {
    readonly loop: string;
    readonly key: string;
    readonly because: string;
    readonly error: string;
  }[];
}

export async function status(config: ClientConfig, api: ApiConnection, out: Output, now: number): Promise<number> {
  const all = { ...config, allNamespaces: true };
  const list = async <K extends Kind>(kind: K): Promise<ObjectOf<K>[]> =>
    (await api.json<{ items: ObjectOf<K>[] }>(collectionPath(KINDS[kind], all))).items;
  const [diagnostics, sources, controllers, pods, nodes] = await Promise.all([
    api.json<Diagnostics>('/diagnostics'),
    list('Source'),
    list('ReplicationController'),
    list('Pod'),
    list('Node'),
  ]);
  const { version, startedAt, store, runtime, proxyMode, leader, stuck } = diagnostics;
  const since = age(new Date(startedAt).toISOString(), now);
  out.write(
    `sampan ${version}, up ${since}; store ${store}; Docker ${runtime}; proxy ${proxyMode}${leader === undefined ? '' : `; ${leader} leads`}\n`,
  );
  out.write(`${drawPicture({ sources, controllers, pods, pulls: new Map(), now })}\n`);
  for (const source of sources) out.write(`${problems(source)}${history(source, now)}`);
  for (const node of nodes) out.write(nodeTrouble(node));
  for (const { loop, key, because, error } of stuck) {
    out.write(`! ${loop} ${key}: ${error}${because === '' ? '' : ` (${because})`}\n`);
  }
  return 0;
}

function nodeTrouble({ metadata, status }: Node): string {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  return ready === undefined || ready.status === 'True' ? '' : `! node ${metadata.name}: ${ready.message}\n`;
}

/** All of them; the picture shows the first, which is enough where it is the only one. */
function problems({ metadata, status }: Source): string {
  const lines = problemLines(status, SHOWN_PROBLEMS).map((line) => `    ${line}\n`);
  return lines.length < 2 ? '' : `  problems of ${metadata.name}\n${lines.join('')}`;
}

function history(source: Source, now: number): string {
  const lines = source.status.history.slice(0, SHOWN_HISTORY).map((record) => {
    const counts = `+${record.created} ~${record.changed} -${record.pruned}`;
    return `    ${age(record.at, now).padEnd(6)} ${record.outcome.padEnd(12)} ${record.revision.slice(0, 14)}  ${counts}  ${record.message}`;
  });
  return lines.length === 0 ? '' : `  history of ${source.metadata.name}\n${lines.join('\n')}\n`;
}
