/**
 * Writes test/unit/apiserver/protobuf/kubectl-bodies-VERSION.json: the protobuf bodies that a real kubectl (1.32 or newer) sends, caught
 * by an API server on loopback that knows just enough to be written to. Run by hand:
 * `node hack/capture-kubectl-bodies.ts KUBECTL VERSION`. The unit tests only read its output.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface CapturedBody {
  /** What kubectl was asked, after `kubectl`. */
  readonly command: string;
  /** Base64. */
  readonly body: string;
  /** The same object as kubectl itself prints it (`--dry-run=client -o json`), where it does. */
  readonly json?: unknown;
}

const COMMANDS = [
  'create configmap settings --from-literal=color=blue --from-literal=empty=',
  'create configmap binary --from-file=BYTES',
  'create secret generic pass --from-literal=user=admin --from-literal=empty=',
  'create secret docker-registry pull --docker-username=u --docker-password=p --docker-server=r.example',
  'create namespace team',
  'create serviceaccount builder',
  'create quota limits --hard=cpu=1,memory=1Gi,pods=2 --scopes=BestEffort',
  'create service clusterip web --tcp=80:8080 --tcp=443:https',
  'create service nodeport web --tcp=80:8080 --node-port=30080',
  'create service externalname web --external-name=example.com',
  'create poddisruptionbudget web --selector=app=web --min-available=50%',
  'create poddisruptionbudget web --selector=app=web --max-unavailable=1',
  'create priorityclass high --value=0 --global-default=false --description=none',
  'create role reader --verb=get,list --resource=pods,pods/log --resource-name=web',
  'create rolebinding readers --role=reader --user=jane --group=dev --serviceaccount=default:builder',
  'create clusterrole health --verb=get --non-resource-url=/healthz',
  'create clusterrolebinding admins --clusterrole=admin --user=jane',
  'create deployment web --image=web:1 --replicas=0 --port=80',
  'create job once --image=busybox -- sh -c true',
  'create cronjob often --image=busybox --schedule=*/5',
  'create ingress web --rule=example.com/*=web:80,tls=cert',
  'create token builder --duration=10m --audience=api --bound-object-kind=Pod --bound-object-name=web --bound-object-uid=u1',
  'auth can-i list pods --namespace=team --subresource=log',
  'auth can-i get /healthz',
  'auth can-i --list',
  'auth whoami',
  'debug web --copy-to=copy --container=debugger --image=busybox --keep-labels --keep-liveness --keep-readiness --keep-startup --keep-init-containers',
  'drain node1 --disable-eviction --force --grace-period=0 --timeout=5s --delete-emptydir-data',
  'autoscale deployment web --min=1 --max=3 --cpu-percent=50',
];

const GROUPS: Record<string, string[]> = {
  v1: ['pods:Pod', 'pods/log:Pod', 'nodes:Node'],
  'apps/v1': ['deployments:Deployment', 'deployments/scale:Scale'],
  'rbac.authorization.k8s.io/v1': ['roles:Role', 'clusterroles:ClusterRole'],
};

/** `kubectl debug --copy-to` sends a Pod back as Go writes it; so it has of everything something, zeros above all. */
export const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u1', labels: { app: 'web', empty: '' } },
  spec: {
    activeDeadlineSeconds: 0,
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'web',
        image: 'web:1',
        args: ['a', ''],
        env: [
          { name: 'PLAIN', value: 'v' },
          { name: 'FIELD', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
          { name: 'KEY', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color', optional: false } } },
          { name: 'LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
        ],
        envFrom: [{ prefix: 'P_', secretRef: { name: 'pass', optional: true } }],
        lifecycle: { preStop: { exec: { command: ['true'] } } },
        livenessProbe: { httpGet: { path: '/healthz', port: 'http', httpHeaders: [{ name: 'X', value: 'y' }] } },
        ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
        readinessProbe: { tcpSocket: { port: 8080 }, terminationGracePeriodSeconds: 0 },
        resources: { limits: { cpu: '1500m', memory: '64Mi' }, requests: { cpu: '0' } },
        securityContext: { runAsUser: 0, privileged: false, capabilities: { drop: ['ALL'] } },
        startupProbe: { grpc: { port: 9, service: '' }, failureThreshold: 3 },
        stdin: true,
        volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true }],
      },
    ],
    enableServiceLinks: false,
    nodeSelector: { disk: 'ssd' },
    priority: 0,
    securityContext: { fsGroup: 0, supplementalGroups: [0, 5_000_000_000], sysctls: [{ name: 'a', value: 'b' }] },
    terminationGracePeriodSeconds: 0,
    tolerations: [{ key: 'k', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 0 }],
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'host', hostPath: { path: '/x', type: '' } },
      { name: 'conf', configMap: { name: 'settings', defaultMode: 0, items: [{ key: 'k', path: 'p', mode: 0 }] } },
      {
        name: 'all',
        projected: {
          sources: [{ secret: { name: 'pass' } }, { serviceAccountToken: { path: 't', expirationSeconds: 600 } }],
        },
      },
    ],
  },
};
let podIsThere = true;

/** What kubectl wants to read before it writes. */
function answerTo(method: string, path: string): { code: number; body: unknown } {
  if (method === 'GET' && path === '/api') return ok({ kind: 'APIVersions', versions: ['v1'] });
  if (method === 'GET' && path === '/apis') return ok(groupList());
  const version = path.replace(/^\/apis?\//, '');
  if (method === 'GET' && GROUPS[version] !== undefined) return ok(resourceList(version));
  if (path === '/api/v1/nodes/node1') {
    return ok({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node1' }, spec: { unschedulable: true } });
  }
  if (method === 'GET' && path === '/api/v1/pods') return ok({ apiVersion: 'v1', kind: 'PodList', items: [POD] });
  if (path === '/api/v1/namespaces/default/pods/web') {
    if (method === 'DELETE') podIsThere = false;
    return podIsThere || method === 'DELETE' ? ok(POD) : { code: 404, body: notFound() };
  }
  if (method === 'GET' && path.endsWith('/deployments/web')) {
    return ok({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' } });
  }
  if (method === 'POST') return { code: 201, body: created(path) };
  return { code: 404, body: notFound() };
}

function created(path: string): unknown {
  const [, root, first = '', second = '', ...rest] = path.split('/');
  const apiVersion = root === 'api' ? first : `${first}/${second}`;
  const plural = rest.at(-1) ?? second;
  const kinds: Record<string, string> = { configmaps: 'ConfigMap', serviceaccounts: 'ServiceAccount' };
  return { apiVersion, kind: kinds[plural] ?? plural, metadata: { name: 'x' }, spec: {}, status: { token: 't' } };
}

function ok(body: unknown): { code: number; body: unknown } {
  return { code: 200, body };
}

function notFound(): unknown {
  return { apiVersion: 'v1', kind: 'Status', status: 'Failure', reason: 'NotFound', message: 'not found', code: 404 };
}

function groupList(): unknown {
  const groups = Object.keys(GROUPS)
    .filter((version) => version !== 'v1')
    .map((groupVersion) => {
      const [name, version] = groupVersion.split('/');
      return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
    });
  return { kind: 'APIGroupList', apiVersion: 'v1', groups };
}

function resourceList(groupVersion: string): unknown {
  const resources = (GROUPS[groupVersion] ?? []).map((entry) => {
    const [name = '', kind = ''] = entry.split(':');
    return { name, kind, singularName: '', namespaced: kind !== 'Node', verbs: ['get', 'list', 'create', 'patch'] };
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

function dryRun(command: string): string {
  const [create = '', kind = '', ...rest] = command.split(' ');
  return [create, kind, '--dry-run=client', '-o=json', ...rest].join(' ');
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

if (import.meta.main) {
  const [kubectl = 'kubectl', version = '1.32'] = process.argv.slice(2);
  const captured: CapturedBody[] = [];
  let command = '';
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (request.headers['content-type'] === 'application/vnd.kubernetes.protobuf') {
        captured.push({ command, body: body.toString('base64') });
      }
      const answer = answerTo(request.method ?? 'GET', new URL(request.url ?? '/', 'http://localhost').pathname);
      response.writeHead(answer.code, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const home = mkdtempSync(join(tmpdir(), 'kubectl-'));
  const bytes = join(home, 'bytes');
  writeFileSync(bytes, Buffer.from([0, 1, 254, 255]));
  const run = async (line: string): Promise<string> => {
    const args = [`--server=http://127.0.0.1:${port}`, ...line.replace('BYTES', bytes).split(' ')];
    return promisify(execFile)(kubectl, args, { env: { HOME: home }, timeout: 20_000 }).then(
      ({ stdout }) => stdout,
      // The answers here are no real ones, and kubectl says so; what counts is what it sent before.
      () => '',
    );
  };
  for (command of COMMANDS) {
    const before = captured.length;
    await run(command);
    if (captured.length === before) process.stderr.write(`${command}: sent nothing\n`);
    const sent = captured[before];
    if (!command.startsWith('create ') || command.startsWith('create token') || sent === undefined) continue;
    captured[before] = { ...sent, json: JSON.parse(await run(dryRun(command))) };
  }
  server.close();
  const target = new URL(`../test/unit/apiserver/protobuf/kubectl-bodies-${version}.json`, import.meta.url);
  const lines = captured.map((entry) => JSON.stringify(entry));
  writeFileSync(target, `[\n${lines.join(',\n')}\n]\n`);
  process.stdout.write(`${captured.length} bodies written\n`);
}
