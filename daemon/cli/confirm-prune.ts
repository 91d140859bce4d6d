/** `sampan confirm-prune`: a person says yes to a sync that would delete more than the prune limit. */
import { KINDS } from '../../reconcilers/objects/kinds.ts';
import { ANNOTATION_CONFIRM_PRUNE, type Source } from '../../reconcilers/objects/source.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { ClientConfig } from '../config.ts';
import type { ApiConnection } from './api-connection.ts';
import { collectionPath, type Output } from './get.ts';

export async function confirmPrune(
  name: string | undefined,
  config: ClientConfig,
  api: ApiConnection,
  out: Output,
): Promise<number> {
  const path = collectionPath(KINDS.Source, config);
  const { items } = await api.json<{ items: Source[] }>(path);
  const source =
    name === undefined && items.length === 1 ? items[0] : items.find((item) => item.metadata.name === name);
  if (source === undefined) {
    const names = items.map((item) => item.metadata.name).join(', ');
    throw new SampanError('Usage', { detail: `name one of the sources: ${names}` });
  }
  const revision = source.status.seenRevision;
  if (revision === undefined || revision === source.status.appliedRevision) {
    throw new SampanError('Usage', { detail: `${source.metadata.name} has nothing that waits for a confirmation` });
  }
  await api.json(`${path}/${source.metadata.name}`, {
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations: { [ANNOTATION_CONFIRM_PRUNE]: revision } } },
  });
  out.write(`${source.metadata.name}: revision ${revision} may delete what it wants to\n`);
  return 0;
}
