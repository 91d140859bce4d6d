/** Wires the loop that removes expired join tokens, one key per Secret. Assembled on the leading master; decides nothing itself. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { BOOTSTRAP_TOKEN_NAMESPACE, BOOTSTRAP_TOKEN_TYPE } from '../objects/bootstrap-token.ts';
import type { Secret } from '../objects/kinds/secret.ts';
import { keyOf } from '../objects/meta.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { BootstrapTokensAction } from './actions.ts';
import { plan } from './plan.ts';

export interface BootstrapTokensDeps {
  readonly client: Pick<ObjectClient, 'delete'>;
  readonly cache: ReadOnlyCache;
}

export function createBootstrapTokensLoop({
  client,
  cache,
}: BootstrapTokensDeps): Loop<Secret, object, BootstrapTokensAction> {
  return {
    reconciler: {
      name: 'bootstrap-tokens',
      observe: async (key) => ({ desired: cache.get('Secret', key), observed: {} }),
      plan,
      execute: (action, signal) =>
        executeWith(
          {
            // Of this very version: somebody may have given it more time meanwhile.
            'remove-token': async ({ namespace, name, uid, resourceVersion }) => {
              await client.delete('Secret', { namespace, name }, { uid, resourceVersion });
            },
          },
          action,
          signal,
        ),
    },
    allKeys: () => cache.list('Secret', BOOTSTRAP_TOKEN_NAMESPACE).filter(isToken).map(keyOf),
    *keysFor({ kind, object }) {
      if (kind === 'Secret' && isToken(object)) yield { key: keyOf(object) };
    },
  };
}

function isToken({ type, metadata }: Secret): boolean {
  return type === BOOTSTRAP_TOKEN_TYPE && metadata.namespace === BOOTSTRAP_TOKEN_NAMESPACE;
}
