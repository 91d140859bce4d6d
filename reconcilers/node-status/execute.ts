/** Carries out the node loop's actions: writes of its Node and of its Lease, nothing else. */
import type { Executors } from '../kit/reconciler.ts';
import { isSampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { NodeAction } from './actions.ts';

export function createExecutors(client: ObjectClient): Executors<NodeAction> {
  return {
    'register-node': ({ node }) => orThere(client.create('Node', node)),
    'correct-node': async ({ node }) => void (await client.update('Node', node)),
    'update-node-status': async ({ node }) => void (await client.updateStatus('Node', node)),
    'create-lease': ({ lease }) => orThere(client.create('Lease', lease)),
    'renew-lease': async ({ lease }) => void (await client.update('Lease', lease)),
  };
}

/** An interrupted attempt may have made it: the next look corrects it where it must. */
async function orThere(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!isSampanError(error, 'AlreadyExists')) throw error;
  }
}
