/** `sampan get`: objects as kubectl shows them. The server makes the table; this only lays it out. */
import { ALL_KINDS, type KindInfo } from '../../reconcilers/objects/kinds.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { Table } from '../apiserver/table.ts';
import type { GetConfig } from '../config.ts';
import { type ApiConnection, TABLE_ACCEPT } from './api-connection.ts';
import { layOutTable } from './table-layout.ts';

export interface Output {
  write(text: string): unknown;
}

export async function get(config: GetConfig, api: ApiConnection, out: Output, err: Output): Promise<number> {
  const info = findResource(config.resource);
  const path = resourcePath(info, config);
  return config.output === 'yaml' || config.output === 'json' || config.output === 'name'
    ? getObjects(config, info, path, api, out)
    : getTable(config, info, path, api, out, err);
}

async function getTable(
  config: GetConfig,
  info: KindInfo,
  path: string,
  api: ApiConnection,
  out: Output,
  err: Output,
): Promise<number> {
  const layout = {
    wide: config.output === 'wide',
    namespaces: config.allNamespaces && info.namespaced,
    upper: true,
  };
  const table = await api.json<Table>(path, { accept: TABLE_ACCEPT });
  if (table.rows.length === 0 && !config.watch) {
    const where = info.namespaced && !config.allNamespaces ? ` in ${config.namespace} namespace` : '';
    err.write(`No resources found${where}.\n`);
    return 0;
  }
  out.write(layOutTable(table, layout));
  if (!config.watch) return 0;

  const watched = watchPath(info, config, table.metadata.resourceVersion ?? '0');
  for await (const event of api.lines<{ type: string; object: Table }>(watched, { accept: TABLE_ACCEPT })) {
    if (event.type === 'ERROR') throw new SampanError('Usage', { detail: JSON.stringify(event.object) });
    if (event.type !== 'BOOKMARK') out.write(layOutTable(event.object, { ...layout, upper: false }));
  }
  return 0;
}

async function getObjects(
  config: GetConfig,
  info: KindInfo,
  path: string,
  api: ApiConnection,
  out: Output,
): Promise<number> {
  const answer = await api.json<{ items?: Named[] } & Named>(path);
  if (config.output === 'name') {
    for (const object of answer.items ?? [answer]) out.write(`${info.singular}/${object.metadata.name}\n`);
    return 0;
  }
  const typed = (object: Named) => ({ apiVersion: info.apiVersion, kind: info.kind, ...object });
  const shown = answer.items ? { ...answer, kind: 'List', apiVersion: 'v1', items: answer.items.map(typed) } : answer;
  out.write(config.output === 'json' ? `${JSON.stringify(shown, undefined, 2)}\n` : await yamlOf(shown));
  return 0;
}

/** The library is loaded only for this. */
async function yamlOf(value: unknown): Promise<string> {
  const { dump } = await import('js-yaml');
  return dump(value);
}

interface Named {
  readonly metadata: { readonly name: string };
}

/** The kind that a person names by its plural, singular, short name or kind. Usage error otherwise. */
export function findResource(word: string): KindInfo {
  const lower = word.toLowerCase();
  const found = ALL_KINDS.find((info) => [info.plural, info.singular, ...info.shortNames].includes(lower));
  if (found !== undefined) return found;
  const known = ALL_KINDS.map((info) => info.plural).join(', ');
  throw new SampanError('Usage', { detail: `there is no resource type "${word}"; there are ${known}` });
}

function resourcePath(info: KindInfo, config: GetConfig): string {
  const name = config.name === undefined ? '' : `/${encodeURIComponent(config.name)}`;
  const query = config.selector === undefined ? '' : `?labelSelector=${encodeURIComponent(config.selector)}`;
  return `${collectionPath(info, config)}${name}${query}`;
}

function watchPath(info: KindInfo, config: GetConfig, resourceVersion: string): string {
  const query = new URLSearchParams({ watch: 'true', resourceVersion });
  if (config.selector !== undefined) query.set('labelSelector', config.selector);
  if (config.name !== undefined) query.set('fieldSelector', `metadata.name=${config.name}`);
  return `${collectionPath(info, config)}?${query.toString()}`;
}

export function collectionPath(info: KindInfo, scope: { namespace: string; allNamespaces: boolean }): string {
  const root = info.apiVersion.includes('/') ? `/apis/${info.apiVersion}` : `/api/${info.apiVersion}`;
  const namespace = info.namespaced && !scope.allNamespaces ? `/namespaces/${encodeURIComponent(scope.namespace)}` : '';
  return `${root}${namespace}/${info.plural}`;
}
