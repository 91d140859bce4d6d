/** `sampan logs`: a container's output, copied from the daemon as it comes. */
import { once } from 'node:events';
import { KINDS } from '../../reconcilers/objects/kinds.ts';
import type { LogsConfig } from '../config.ts';
import type { ApiConnection } from './api-connection.ts';
import { collectionPath } from './get.ts';

export async function logs(config: LogsConfig, api: ApiConnection, out: NodeJS.WritableStream): Promise<number> {
  const query = new URLSearchParams();
  if (config.container !== undefined) query.set('container', config.container);
  if (config.tail !== undefined) query.set('tailLines', String(config.tail));
  for (const flag of ['follow', 'previous', 'timestamps'] as const) if (config[flag]) query.set(flag, 'true');

  const pods = collectionPath(KINDS.Pod, { namespace: config.namespace, allNamespaces: false });
  for await (const chunk of await api.stream(`${pods}/${encodeURIComponent(config.pod)}/log?${query.toString()}`)) {
    if (!out.write(chunk)) await once(out, 'drain');
  }
  return 0;
}
