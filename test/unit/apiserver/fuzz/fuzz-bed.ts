/**
 * An API server as the fuzzer asks it: over TLS and its socket, one pod running, objects of every kind stored, and timers that are
 * over soon, so that what waits for its patience does not make the run wait. Knows what must hold of the store afterwards.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { Certificates } from '../../../../daemon/adapters/certificates/certificates.ts';
import { pemOf } from '../../../../daemon/adapters/certificates/certified-key.ts';
import { InFlight, type RequestClass } from '../../../../daemon/apiserver/access/in-flight.ts';
import { BUILT_IN } from '../../../../daemon/apiserver/access/rbac/built-in.ts';
import { RbacAuthorizer } from '../../../../daemon/apiserver/access/rbac/rbac-authorizer.ts';
import { ServiceAccountTokens } from '../../../../daemon/apiserver/access/service-account-tokens.ts';
import { staticTokens } from '../../../../daemon/apiserver/access/static-tokens.ts';
import { ApiServer } from '../../../../daemon/apiserver/server.ts';
import type { ObjectCache } from '../../../../reconcilers/kit/object-cache.ts';
import { SANDBOX } from '../../../../reconcilers/kubelet/identity.ts';
import { decodeObject } from '../../../../reconcilers/objects/decode.ts';
import { applyDefaults } from '../../../../reconcilers/objects/defaults.ts';
import { ALL_KINDS, KINDS } from '../../../../reconcilers/objects/kinds.ts';
import { validateObject } from '../../../../reconcilers/objects/validation.ts';
import type { Clock } from '../../../../reconcilers/ports/clock.ts';
import { isSampanError } from '../../../../reconcilers/ports/errors.ts';
import { CollectedLog } from '../../../fakes/collected-log.ts';
import { nodeDeps, runPod } from '../../../fakes/fake-node.ts';
import { FakeProcess } from '../../../fakes/fake-process.ts';
import { FakeRuntime } from '../../../fakes/fake-runtime.ts';
import { followedCache } from '../../../fakes/followed-cache.ts';
import { createTestCluster, type TestCluster } from '../../../fakes/test-cluster.ts';
import { type FuzzRequest, NAMES, NAMESPACES } from './requests.ts';
import { sampleOf } from './samples.ts';

/** So many times faster than the machine's. */
const HASTE = 20;
const TOKENS = `admin-token,root,1,"system:masters"\nview-token,vera,2,view\nplain-token,paul,3\n`;
/** Of a stream it is enough to see how it begins. */
const STREAM_MS = 3;

export interface FuzzAnswer {
  readonly code: number;
  readonly contentType: string;
  readonly text: string;
  /** Only its beginning was read. */
  readonly isStream: boolean;
}

export interface FuzzBed {
  readonly cluster: TestCluster;
  readonly log: CollectedLog;
  readonly socketPath: string;
  /** Rejects where there is no answer; `deadlineMs` is real time. */
  send(request: FuzzRequest, deadlineMs: number): Promise<FuzzAnswer>;
  /** Asserts that all that is stored is whole and valid, that claims have their Services, and that nobody is left inside. */
  check(): Promise<void>;
  close(): Promise<void>;
}

const hasty: Clock = {
  now: () => Date.now(),
  setTimer: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(ms / HASTE, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};

class CountedInFlight extends InFlight {
  inside = 0;

  override enter(kind: RequestClass): () => void {
    const leave = super.enter(kind);
    this.inside += 1;
    return () => {
      this.inside -= 1;
      leave();
    };
  }
}

const pki = mkdtempSync(join(tmpdir(), 'sampan-fuzz-pki-'));
process.once('exit', () => rmSync(pki, { recursive: true, force: true }));

export async function createFuzzBed(): Promise<FuzzBed> {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-fuzz-'));
  const cluster = await createTestCluster();
  const { registry } = cluster;
  const log = new CollectedLog();
  // One authority serves every bed of the process.
  const certificates = await Certificates.open(
    { folder: pki, names: ['localhost', '127.0.0.1'], nodeName: 'here' },
    { clock: hasty, log },
  );
  const cache = followedCache(registry, hasty);
  const inFlight = new CountedInFlight();
  const server = new ApiServer({
    client: registry,
    cache,
    ...nodeDeps(cluster, await runningPod(cluster)),
    diagnostics: () => ({}),
    version: '0.1.0',
    health: { live: [], ready: [] },
    clock: hasty,
    log,
    access: {
      tokens: [staticTokens(TOKENS, 'tokens.csv')],
      accounts: new ServiceAccountTokens(
        { key: certificates.serviceAccountKey, issuer: 'https://kubernetes.default.svc.cluster.local' },
        { clock: hasty, existing: async (kind, key) => (await registry.get(kind, key))?.metadata },
      ),
      authorizer: new RbacAuthorizer(() => BUILT_IN),
      inFlight,
      hosts: new Set(['localhost', '127.0.0.1']),
      audit: () => {},
    },
  });
  const ca = pemOf(certificates.authority).certificate;
  const { port } = await server.listenOnTls({
    host: '127.0.0.1',
    port: 0,
    ...pemOf(certificates.serving),
    authority: ca,
  });
  const socketPath = join(folder, 'api.sock');
  await server.listen(socketPath);
  await fill(cluster);
  const agents = { socket: new Agent({ keepAlive: true }), tls: new TlsAgent({ keepAlive: true, ca }) };
  return {
    cluster,
    log,
    socketPath,
    send: (request, deadlineMs) => {
      const { via, method, path, headers } = request;
      const shared = { method, path, timeout: deadlineMs };
      const sent =
        via === 'tls'
          ? httpsRequest({
              ...shared,
              host: '127.0.0.1',
              port,
              servername: 'localhost',
              agent: agents.tls,
              headers: { authorization: 'Bearer admin-token', ...sized(request) },
            })
          : httpRequest({ ...shared, socketPath, agent: agents.socket, headers: sized(request) });
      return answerOf(sent, request.body, headers.expect === '100-continue');
    },
    check: async () => {
      await settled(() => inFlight.inside === 0, 'every request to leave');
      await checkStore(cluster, cache);
      const errors = log.lines.filter(({ level }) => level === 'error');
      assert.deepEqual(errors.slice(0, 3), []);
      assert.equal(({} as { polluted?: unknown }).polluted, undefined);
      assert.deepEqual(Object.keys(Object.prototype), []);
      assert.deepEqual(Object.keys(Array.prototype), []);
    },
    close: async () => {
      agents.socket.destroy();
      agents.tls.destroy();
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function sized({ headers, body, method }: FuzzRequest): Record<string, string | number> {
  const hasBody = body.length > 0 || method === 'POST' || method === 'PUT' || method === 'PATCH';
  return { ...headers, ...(hasBody && { 'content-length': Buffer.byteLength(body) }) };
}

function answerOf(sent: ReturnType<typeof httpRequest>, body: string | Buffer, waits: boolean): Promise<FuzzAnswer> {
  return new Promise((resolve, reject) => {
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      const done = (isStream: boolean) =>
        resolve({
          code: response.statusCode ?? 0,
          contentType: response.headers['content-type'] ?? '',
          text: Buffer.concat(chunks).toString(),
          isStream,
        });
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => done(false));
      // Without a length it may go on for good: a watch, a log that is followed.
      if (response.headers['content-length'] !== undefined || sent.method === 'HEAD' || response.statusCode === 304)
        return;
      setTimeout(() => {
        done(true);
        response.off('error', reject).on('error', () => {});
        response.destroy();
      }, STREAM_MS);
    });
    if (waits) sent.flushHeaders();
    sent.end(body);
  });
}

/** Runs `a`, whose port 80 echoes. */
async function runningPod(cluster: TestCluster): Promise<FakeRuntime> {
  const runtime = new FakeRuntime(cluster);
  const copy = async (process: FakeProcess) => {
    for await (const data of process.stdin) process.write('stdout', data);
    return 0;
  };
  const echo = (connection: Duplex) => {
    connection.on('error', () => {});
    connection.pipe(connection);
  };
  runtime.addImage('pause', { servers: { 80: echo } });
  runtime.addImage('app', { programs: { copy, fail: async () => 3, stay: FakeProcess.idle }, onAttach: copy });
  await runPod(cluster, runtime, 'a', { [SANDBOX]: 'pause', app: 'app' });
  return runtime;
}

/** One `a` of every kind in every namespace; what the kinds' own rules make impossible is left out. */
async function fill({ registry }: TestCluster): Promise<void> {
  await registry.create('Namespace', sampleOf(KINDS.Namespace, 'shop') as never);
  const refused: string[] = [];
  // The quotas come last: until somebody counts, they refuse.
  for (const info of ALL_KINDS.toReversed()) {
    for (const namespace of info.namespaced ? NAMESPACES : ['']) {
      const draft = sampleOf(info, NAMES[0] as string, namespace);
      await registry.create(info.kind, draft as never).catch((error: unknown) => {
        if (!isSampanError(error, 'AlreadyExists')) refused.push(String(error));
      });
    }
  }
  assert.deepEqual(refused, []);
}

async function checkStore({ registry, store }: TestCluster, cache: ObjectCache): Promise<void> {
  const claimed = new Set<string>();
  await cache.reached(await registry.revision());
  for (const info of ALL_KINDS) {
    const { items } = await registry.list(info.kind);
    for (const object of items) {
      const what = `${info.kind} ${object.metadata.namespace}/${object.metadata.name}`;
      const { resourceVersion: _, ...metadata } = object.metadata;
      const stored = JSON.parse(JSON.stringify({ ...object, metadata }));
      const { object: decoded, problems } = decodeObject(stored, info);
      assert.deepEqual(problems, [], what);
      assert.deepEqual(applyDefaults(info.kind, decoded), stored, what);
      assert.deepEqual(validateObject(info.kind, object as never).map(String), [], what);
      if (object.kind !== 'Service') continue;
      const { clusterIP, ports } = object.spec;
      if (clusterIP !== 'None') claimed.add(`serviceips/${clusterIP}`);
      for (const port of ports) if (port.nodePort) claimed.add(`servicenodeports/${port.nodePort}/${port.protocol}`);
    }
    if (!info.cached) continue;
    const versions = (objects: readonly { metadata: { uid: string; resourceVersion: string } }[]) =>
      objects.map(({ metadata }) => `${metadata.uid}@${metadata.resourceVersion}`).sort();
    assert.deepEqual(versions(cache.list(info.kind)), versions(items), `${info.kind}s in the cache`);
  }
  const { values } = await store.list('/registry/ranges/');
  assert.deepEqual(
    values.map(({ key }) => key.slice('/registry/ranges/'.length)).sort(),
    [...claimed].sort(),
    'claims',
  );
}

async function settled(condition: () => boolean, what: string): Promise<void> {
  const until = Date.now() + 5_000;
  while (!condition()) {
    assert.ok(Date.now() < until, `waited in vain for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
