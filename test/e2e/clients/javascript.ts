/**
 * What a program does with the official JavaScript client, run by clients.test.ts inside the daemon's network namespace: the step that its
 * argument names, with the kubeconfig that $KUBECONFIG names. Prints what it saw as one line of JSON; judges nothing.
 */
import { PassThrough, type Readable } from 'node:stream';
import {
  ApiException,
  CoreV1Api,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  Metrics,
  makeInformer,
  PatchStrategy,
  PortForward,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Status,
  Watch,
} from '@kubernetes/client-node';

const config = new KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(CoreV1Api);
const namespace = 'default';
const pod = 'tools';
const map = (name: string, data: Record<string, string> = {}): V1ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, labels: { from: 'javascript' } },
  data,
});
const textOf = async (stream: Readable): Promise<string> => Buffer.concat(await stream.toArray()).toString();

const steps: Readonly<Record<string, () => Promise<unknown>>> = {
  async typed() {
    const created = await core.createNamespacedConfigMap({ namespace, body: map('typed', { color: 'red' }) });
    const { items } = await core.listNamespacedConfigMap({ namespace, labelSelector: 'from=javascript' });
    const replaced = await core.replaceNamespacedConfigMap({
      name: 'typed',
      namespace,
      body: { ...created, data: { color: 'green' } },
    });
    const conflict = await core
      .replaceNamespacedConfigMap({ name: 'typed', namespace, body: { ...created, data: {} } })
      .then(() => 'written', codeAndReason);
    const patched: Record<string, unknown> = {};
    const bodies = {
      [PatchStrategy.MergePatch]: { data: { merge: 'yes' } },
      [PatchStrategy.StrategicMergePatch]: { data: { strategic: 'yes' } },
      [PatchStrategy.JsonPatch]: [{ op: 'add', path: '/data/json', value: 'yes' }],
    };
    for (const [type, body] of Object.entries(bodies)) {
      const options = setHeaderOptions('Content-Type', type);
      Object.assign(patched, (await core.patchNamespacedConfigMap({ name: 'typed', namespace, body }, options)).data);
    }
    const deleted = await core.deleteNamespacedConfigMap({ name: 'typed', namespace });
    const missing = await core.readNamespacedConfigMap({ name: 'typed', namespace }).then(() => 'there', codeAndReason);
    return {
      createdAt: created.metadata?.creationTimestamp instanceof Date,
      listed: items.map(({ metadata }) => metadata?.name),
      replaced: replaced.data,
      conflict,
      patched,
      deleted: deleted.status,
      missing,
    };
  },

  async untyped() {
    const objects = KubernetesObjectApi.makeApiClient(config);
    const apply = (data: Record<string, string>, manager: string, force?: boolean) =>
      objects.patch(map('applied', data), undefined, undefined, manager, force, PatchStrategy.ServerSideApply);
    const applied = await apply({ color: 'red' }, 'one');
    const conflict = await apply({ color: 'blue' }, 'two').then(() => 'applied', codeAndReason);
    const forced = await apply({ color: 'blue' }, 'two', true);
    const { items } = await objects.list(
      'v1',
      'ConfigMap',
      namespace,
      undefined,
      undefined,
      undefined,
      undefined,
      'from=javascript',
    );
    const owners = (object: V1ConfigMap) => object.metadata?.managedFields?.map(({ manager }) => manager);
    await objects.delete(map('applied'));
    return { applied: applied.data, owners: owners(forced), conflict, forced: forced.data, listed: items.length };
  },

  async informer() {
    const seen: string[] = [];
    const informer = makeInformer(
      config,
      `/api/v1/namespaces/${namespace}/configmaps`,
      () => core.listNamespacedConfigMap({ namespace, labelSelector: 'from=javascript' }),
      'from=javascript',
    );
    const { promise: isDeleted, resolve, reject } = Promise.withResolvers<void>();
    informer.on('add', ({ metadata }) => seen.push(`add ${metadata?.name}`));
    informer.on('update', ({ data }) => seen.push(`update ${data?.round}`));
    informer.on('delete', ({ metadata }) => {
      seen.push(`delete ${metadata?.name}`);
      resolve();
    });
    informer.on('error', reject);
    await core.createNamespacedConfigMap({ namespace, body: map('before') });
    await informer.start();
    const created = await core.createNamespacedConfigMap({ namespace, body: map('informed') });
    await core.replaceNamespacedConfigMap({ name: 'informed', namespace, body: { ...created, data: { round: '2' } } });
    await core.deleteNamespacedConfigMap({ name: 'informed', namespace });
    await isDeleted;
    const left = informer.list().map(({ metadata }) => metadata?.name);
    await informer.stop();
    await core.deleteNamespacedConfigMap({ name: 'before', namespace });
    return { seen, left };
  },

  async watch() {
    const seen: string[] = [];
    const { promise: isDeleted, resolve, reject } = Promise.withResolvers<void>();
    const { metadata } = await core.listNamespacedConfigMap({ namespace });
    const watching = await new Watch(config).watch(
      `/api/v1/namespaces/${namespace}/configmaps`,
      { resourceVersion: metadata?.resourceVersion, labelSelector: 'from=javascript', allowWatchBookmarks: true },
      (type, object: V1ConfigMap) => {
        seen.push(`${type} ${object.metadata?.name}`);
        if (type === 'DELETED') resolve();
      },
      (error) => reject(error ?? new Error('the server ended the watch')),
    );
    await core.createNamespacedConfigMap({ namespace, body: map('watched') });
    await core.deleteNamespacedConfigMap({ name: 'watched', namespace });
    await isDeleted;
    watching.abort();
    return seen;
  },

  async exec() {
    const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const { promise: ended, resolve } = Promise.withResolvers<V1Status>();
    const command = ['sh', '-c', 'head -n 1; echo err >&2; exit 3'];
    await new Exec(config).exec(namespace, pod, 'app', command, stdout, stderr, stdin, false, resolve);
    stdin.write('hello\n');
    const { status, details } = await ended;
    for (const stream of [stdout, stderr]) stream.end();
    return {
      stdout: await textOf(stdout),
      stderr: await textOf(stderr),
      status,
      exitCode: details?.causes?.[0]?.message,
    };
  },

  async log() {
    const read = await core.readNamespacedPodLog({ name: pod, namespace, container: 'app', tailLines: 1 });
    const output = new PassThrough();
    const following = await new Log(config).log(namespace, pod, 'app', output, { follow: true });
    let followed = '';
    for await (const chunk of output) {
      followed += String(chunk);
      if (followed.includes('ready')) break;
    }
    following.abort();
    return { read, followed };
  },

  async 'port-forward'() {
    const [input, output] = [new PassThrough(), new PassThrough()];
    await new PortForward(config).portForward(namespace, pod, [7], output, null, input);
    input.write('hello\n');
    for await (const chunk of output) return String(chunk);
    return undefined;
  },

  async metrics() {
    const { items } = await new Metrics(config).getNodeMetrics();
    return items.map(({ usage }) => Object.keys(usage).toSorted());
  },
};

function codeAndReason(error: unknown): unknown {
  if (!(error instanceof ApiException)) throw error;
  return [error.code, JSON.parse(error.body).reason];
}

const [name = ''] = process.argv.slice(2);
const step = steps[name];
if (step === undefined) throw new Error(`there is no step ${name}`);
console.log(JSON.stringify(await step()));
// Some of the client's sockets outlive what they were for.
process.exit();
