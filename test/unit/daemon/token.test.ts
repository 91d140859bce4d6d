import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Certificates } from '../../../daemon/adapters/certificates/certificates.ts';
import { publicKeyHash } from '../../../daemon/adapters/certificates/public-key-hash.ts';
import { systemClock } from '../../../daemon/adapters/system-clock.ts';
import { bootstrapTokens } from '../../../daemon/apiserver/access/bootstrap-tokens.ts';
import { ApiServer } from '../../../daemon/apiserver/server.ts';
import { ApiConnection } from '../../../daemon/cli/api-connection.ts';
import { token } from '../../../daemon/cli/token.ts';
import { type Commands, runCommandLine } from '../../../daemon/config.ts';
import type { TokenConfig } from '../../../daemon/token-flags.ts';
import {
  bootstrapTokenKey,
  bootstrapTokenOf,
  bootstrapTokenSecret,
  parseJoinToken,
  spent,
} from '../../../reconcilers/objects/bootstrap-token.ts';
import type { Secret } from '../../../reconcilers/objects/kinds/secret.ts';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { nodeDeps } from '../../fakes/fake-node.ts';
import { followedCache } from '../../fakes/followed-cache.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const HOUR_MS = 3_600_000;

describe('sampan token', () => {
  let dataDir: string;
  let cluster: TestCluster;
  let server: ApiServer;
  let certificates: Certificates;
  const log = new CollectedLog();
  let waits = 0;
  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'sampan-token-'));
    cluster = await createTestCluster();
    const cache = followedCache(cluster.registry, cluster.clock);
    server = new ApiServer({
      client: cluster.registry,
      cache,
      ...nodeDeps(cluster),
      diagnostics: () => ({}),
      version: '0.1.0',
      health: { live: [], ready: [] },
      clock: cluster.clock,
      log,
    });
    await server.listen(join(dataDir, 'sampan.sock'));
    certificates = await Certificates.open(
      { folder: join(dataDir, 'pki'), names: [], nodeName: 'm1' },
      { clock: systemClock, log },
    );
  });
  after(async () => {
    await server.close();
    rmSync(dataDir, { recursive: true });
  });
  afterEach(async () => {
    const { items } = await cluster.registry.list('Secret');
    for (const { metadata } of items) {
      await cluster.registry.delete('Secret', { namespace: 'kube-system', name: metadata.name });
    }
  });

  /** `sampan token ARGS`; what it prints. */
  const cli = async (...args: string[]): Promise<string> => {
    let text = '';
    const out = { write: (part: string) => (text += part) };
    const clock: Clock = {
      now: () => cluster.clock.now(),
      setTimer(ms, callback) {
        waits++;
        return systemClock.setTimer(ms, callback);
      },
    };
    const run = (config: TokenConfig) => token(config, new ApiConnection(config.dataDir), out, clock);
    const commands = { token: run } as unknown as Commands;
    const code = await runCommandLine(['node', 'sampan', 'token', ...args, '--data-dir', dataDir], '1.2.3', commands);
    assert.equal(code, 0);
    return text;
  };
  const authenticate = (text: string, clock = cluster.clock) =>
    bootstrapTokens({ client: cluster.registry, clock })(text);
  const tokenIn = (text: string) => parseJoinToken(text) ?? assert.fail(`no join token: ${text}`);
  const secretOf = async (id: string): Promise<Secret> =>
    (await cluster.registry.get('Secret', bootstrapTokenKey(id))) ?? assert.fail(`no token ${id}`);

  it('waits for a cluster that has just been started, and makes a token that says whom to trust', async () => {
    const making = cli('create');
    const deadline = performance.now() + 5_000;
    while (waits === 0) {
      assert.ok(performance.now() < deadline, 'it does not wait');
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    const metadata = { name: 'kube-system' };
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata, spec: {}, status: { phase: 'Active' } } as const;
    await cluster.registry.create('Namespace', namespace);
    const text = await making;
    assert.match(text, /^[a-z0-9]{6}\.[a-z0-9]{16}@sha256:[0-9a-f]{64}\n$/);
    const { authority } = tokenIn(text);
    assert.equal(authority, publicKeyHash(certificates.authority.certificate.publicKey));
  });

  it("keeps it as Kubernetes' bootstrap token, for a day and one machine", async () => {
    const { token: text } = tokenIn(await cli('create', '--description', 'rack 4'));
    const [id = '', secret = ''] = text.split('.');
    const { type, data = {}, metadata } = await secretOf(id);
    assert.equal(type, 'bootstrap.kubernetes.io/token');
    const values = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
    assert.deepEqual(Object.fromEntries(values), {
      'token-id': id,
      'token-secret': secret,
      'usage-bootstrap-authentication': 'true',
      description: 'rack 4',
      expiration: '2026-01-03T03:04:05Z',
    });
    assert.equal(metadata.annotations, undefined);
    const user = await authenticate(text);
    assert.deepEqual(user, { name: `system:bootstrap:${id}`, groups: ['system:bootstrappers'] });
  });

  it('lists which there are, for what and how long, and no secret', async () => {
    assert.equal(await cli('list'), 'No join tokens found.\n');
    const made = [
      await cli('create', '--ttl', '2h', '--description', 'rack 4'),
      await cli('create', '--ttl', '0s', '--reusable'),
      await cli('create'),
    ].map((text) => tokenIn(text).token);
    const ids = made.map((text) => text.slice(0, 6));
    const key = bootstrapTokenKey(ids[2] ?? '');
    await cluster.registry.modify('Secret', key, (secret) => spent(secret, 'web-1 sha256:0'));
    const text = await cli('list');
    const rows = text.trimEnd().split('\n');
    assert.match(rows[0] ?? '', /^ID +TTL +USE +DESCRIPTION$/);
    const rowOf = (id = '') => rows.find((row) => row.startsWith(id))?.split(/ {2,}/);
    assert.deepEqual(rowOf(ids[0]), [ids[0], '120m', 'one node', 'rack 4']);
    assert.deepEqual(rowOf(ids[1]), [ids[1], '<forever>', 'any number of nodes', '<none>']);
    assert.deepEqual(rowOf(ids[2]), [ids[2], '24h', 'used by web-1', '<none>']);
    for (const each of made) assert.equal(text.includes(each.slice(7)), false);
  });

  it('revokes one, by its id or as a whole', async () => {
    const [first, second] = [tokenIn(await cli('create')).token, tokenIn(await cli('create')).token];
    assert.equal(await cli('revoke', first.slice(0, 6)), `join token ${first.slice(0, 6)} revoked\n`);
    assert.equal(await authenticate(first), undefined);
    assert.notEqual(await authenticate(second), undefined);
    await cli('revoke', second);
    assert.equal(await authenticate(second), undefined);
    await assert.rejects(cli('revoke', first), /secrets "bootstrap-token-.{6}" not found/);
    await assert.rejects(cli('revoke', '../pods'), /expected the id of a join token/);
  });

  it('lets in who has the whole of a token in its time, and nobody else', async () => {
    const { token: text } = tokenIn(await cli('create', '--ttl', '1h'));
    const [id = '', secret = ''] = text.split('.');
    const later = (ms: number) => new FakeClock(cluster.clock.now() + ms);
    assert.notEqual(await authenticate(text, later(HOUR_MS - 1_000)), undefined);
    assert.equal(await authenticate(text, later(HOUR_MS)), undefined);
    const wrong = [`${id}.${'0'.repeat(16)}`, `zzzzzz.${secret}`, id, `${text}x`, '', '../../x.0123456789abcdef'];
    for (const each of wrong) assert.equal(await authenticate(each), undefined, each);
  });

  it('reads tokens that others made as Kubernetes does', async () => {
    const make = async (
      id: string,
      more: Record<string, string>,
      change: (secret: Secret) => Partial<Secret> = () => ({}),
    ) => {
      const draft = bootstrapTokenSecret({ id, secret: '0123456789abcdef', description: '', reusable: false });
      const encoded = Object.entries(more).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
      const whole = { ...draft, data: { ...draft.data, ...Object.fromEntries(encoded) } } as Secret;
      await cluster.registry.create('Secret', { ...whole, ...change(whole) });
      return authenticate(`${id}.0123456789abcdef`);
    };
    const groups = { 'auth-extra-groups': 'system:bootstrappers:rack:4,system:bootstrappers:edge' };
    const user = await make('aaaaaa', groups);
    assert.deepEqual(user?.groups, [
      'system:bootstrappers',
      'system:bootstrappers:rack:4',
      'system:bootstrappers:edge',
    ]);
    assert.equal(await make('bbbbbb', { 'auth-extra-groups': 'system:masters' }), undefined);
    assert.equal(await make('cccccc', { 'usage-bootstrap-authentication': 'yes' }), undefined);
    assert.equal(await make('dddddd', { 'token-id': 'aaaaaa' }), undefined);
    assert.equal(await make('eeeeee', { expiration: 'soon' }), undefined);
    assert.equal(await make('ffffff', {}, () => ({ type: 'Opaque' })), undefined);
    const elsewhere = bootstrapTokenSecret({
      id: 'gggggg',
      secret: '0123456789abcdef',
      description: '',
      reusable: false,
    });
    const placed = {
      ...elsewhere,
      metadata: { ...elsewhere.metadata, namespace: 'default', uid: '', resourceVersion: '' },
    };
    assert.equal(bootstrapTokenOf(placed as Secret), undefined);
  });
});
