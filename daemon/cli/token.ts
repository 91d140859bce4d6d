/** `sampan token`: makes, shows and revokes join tokens. They are Secrets of kube-system; a token's own is printed once, here. */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { humanDuration } from '../../reconcilers/objects/age.ts';
import {
  BOOTSTRAP_TOKEN_NAMESPACE,
  BOOTSTRAP_TOKEN_TYPE,
  type BootstrapToken,
  bootstrapTokenKey,
  bootstrapTokenOf,
  bootstrapTokenSecret,
  formatJoinToken,
} from '../../reconcilers/objects/bootstrap-token.ts';
import type { Secret } from '../../reconcilers/objects/kinds/secret.ts';
import { type Clock, sleep } from '../../reconcilers/ports/clock.ts';
import { isSampanError, SampanError } from '../../reconcilers/ports/errors.ts';
import { AUTHORITY_FILE } from '../adapters/certificates/certificates.ts';
import { readCertifiedKey } from '../adapters/certificates/certified-key.ts';
import { publicKeyHash } from '../adapters/certificates/public-key-hash.ts';
import { keepingAlive } from '../run-parts.ts';
import type { TokenConfig } from '../token-flags.ts';
import type { ApiConnection } from './api-connection.ts';
import { DataDir } from './data-dir.ts';
import type { Output } from './get.ts';
import { layOutRows } from './table-layout.ts';

const SECRETS = `/api/v1/namespaces/${BOOTSTRAP_TOKEN_NAMESPACE}/secrets`;
const PATIENCE_MS = 10_000;
const RETRY_MS = 200;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

export async function token(config: TokenConfig, api: ApiConnection, out: Output, clock: Clock): Promise<number> {
  const now = clock.now();
  switch (config.action) {
    case 'create':
      out.write(`${await create(config, api, clock)}\n`);
      return 0;
    case 'list':
      out.write(await list(api, now));
      return 0;
    case 'revoke':
      out.write(`join token ${await revoke(config.id, api)} revoked\n`);
      return 0;
  }
}

async function create(
  { dataDir, ttlMs, description, reusable }: TokenConfig & { action: 'create' },
  api: ApiConnection,
  clock: Clock,
): Promise<string> {
  const authority = authorityOf(dataDir);
  const [id, secret] = [letters(6), letters(16)];
  const expires = ttlMs === 0 ? {} : { expires: clock.now() + ttlMs };
  const body = bootstrapTokenSecret({ id, secret, description, reusable, ...expires });
  await onceThereIsANamespace(() => api.json(SECRETS, { method: 'POST', body }), clock);
  return formatJoinToken({ token: `${id}.${secret}`, authority });
}

/** A cluster that has just been started makes kube-system in a moment. */
async function onceThereIsANamespace(create: () => Promise<unknown>, clock: Clock): Promise<void> {
  const deadline = clock.now() + PATIENCE_MS;
  for (;;) {
    try {
      await create();
      return;
    } catch (error) {
      const isMissing = isSampanError(error, 'Usage') && error.details.status === 404;
      if (!isMissing || clock.now() >= deadline) throw error;
    }
    await keepingAlive(sleep(clock, RETRY_MS));
  }
}

/** By which a machine knows the right masters. */
function authorityOf(dataDir: string): string {
  const path = join(new DataDir(dataDir).pkiPath, AUTHORITY_FILE);
  const authority = readCertifiedKey(path);
  if (authority !== undefined) return publicKeyHash(authority.certificate.publicKey);
  throw new SampanError('Usage', { detail: `there is no ${path}: run this on a master, or name its --data-dir` });
}

async function list(api: ApiConnection, now: number): Promise<string> {
  const query = new URLSearchParams({ fieldSelector: `type=${BOOTSTRAP_TOKEN_TYPE}` });
  const { items } = await api.json<{ items: Secret[] }>(`${SECRETS}?${query.toString()}`);
  const tokens = items.flatMap((secret) => bootstrapTokenOf(secret) ?? []);
  if (tokens.length === 0) return 'No join tokens found.\n';
  return layOutRows(
    ['ID', 'TTL', 'USE', 'DESCRIPTION'],
    tokens.map((each) => rowOf(each, now)),
  );
}

function rowOf({ id, expires, reusable, spentOn, description }: BootstrapToken, now: number): string[] {
  const left = expires === undefined ? '<forever>' : expires > now ? humanDuration(expires - now) : '<expired>';
  const [node = ''] = (spentOn ?? '').split(' ');
  const use = reusable ? 'any number of nodes' : spentOn === undefined ? 'one node' : `used by ${node}`;
  return [id, left, use, description || '<none>'];
}

/** The whole token is understood too. */
async function revoke(text: string, api: ApiConnection): Promise<string> {
  const [id = ''] = text.split('.');
  if (!/^[a-z0-9]{6}$/.test(id)) {
    throw new SampanError('Usage', {
      detail: 'expected the id of a join token, six letters and digits (sampan token list)',
    });
  }
  await api.json(`${SECRETS}/${bootstrapTokenKey(id).name}`, { method: 'DELETE' });
  return id;
}

function letters(count: number): string {
  return Array.from({ length: count }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
