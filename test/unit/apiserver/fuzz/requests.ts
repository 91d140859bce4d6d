/**
 * Random requests, most of which look like something a client would send: each follows from its seed alone. The fuzzer sends them;
 * what must hold of the answers is said there.
 */
import { continueToken } from '../../../../daemon/apiserver/list-options.ts';
import type { Json, JsonObject } from '../../../../reconcilers/objects/json.ts';
import { ALL_KINDS, type KindInfo } from '../../../../reconcilers/objects/kinds.ts';
import fixtures from '../protobuf/kubectl-bodies-1.33.json' with { type: 'json' };
import { Dice } from './dice.ts';
import { mutated, mutatedBytes, textOfJson } from './mutate.ts';
import { DELETE_OPTIONS, REQUEST_BODIES, sampleOf } from './samples.ts';

export interface FuzzRequest {
  readonly via: 'socket' | 'tls';
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export const NAMESPACES = ['default', 'shop'];
export const NAMES = ['a', 'b', 'c'];
const METHODS = [
  'GET',
  'GET',
  'GET',
  'POST',
  'POST',
  'PUT',
  'PATCH',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
];
const SUBRESOURCES = [
  'status',
  'scale',
  'finalize',
  'log',
  'exec',
  'attach',
  'portforward',
  'proxy',
  'binding',
  'eviction',
  'token',
  'ephemeralcontainers',
  'resize',
  'nonsense',
  '__proto__',
  'constructor',
];
const SEGMENTS = [
  '..',
  '.',
  '%2e%2e',
  '%2F',
  '%00',
  '%',
  '%zz',
  '%ff',
  '%F0%9F%98%80',
  '__proto__',
  'constructor',
  'namespaces',
  'status',
  '',
  '%25',
  '%0a',
  'a%20b',
  '\u00fc',
  ';x',
  '~',
  ':',
  '@',
  'watch',
  'proxy',
];
const OTHERS = [
  '/',
  '/api',
  '/api/v1',
  '/apis',
  '/apis/policy',
  '/apis/policy/v1',
  '/healthz',
  '/livez?verbose',
  '/readyz/ping',
  '/readyz?exclude=store',
  '/version',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/api/v1',
  '/openapi/v3/apis/policy/v1?hash=x',
  '/metrics',
  '/diagnostics',
  '/.well-known/openid-configuration',
  '/openid/v1/jwks',
  '/api/v1/componentstatuses',
  '/api/v1/bindings',
  '/api/v1/namespaces/default/bindings',
  '/apis/metrics.k8s.io/v1beta1/nodes',
  '/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/a',
  '/api/v1/watch/pods',
  '/favicon.ico',
  '//',
  '*',
  'http://other/api/v1/pods',
  '/%',
  '/api/v1/namespaces/default/services/http:a:80/proxy/x',
  '/api/v1/nodes/here/proxy/pods',
  '/logs/',
  '/debug/pprof',
];
const REVIEWS = [
  '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
  '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
  '/apis/authorization.k8s.io/v1/subjectaccessreviews',
  '/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews',
  '/apis/authentication.k8s.io/v1/selfsubjectreviews',
  '/apis/authentication.k8s.io/v1beta1/selfsubjectreviews',
  '/apis/authentication.k8s.io/v1/tokenreviews',
];
const QUERY: Readonly<Record<string, readonly string[]>> = {
  labelSelector: [
    'app=web',
    'app in (web,db)',
    '!app',
    'a==b,c!=d',
    'app in (',
    ',',
    '=',
    'a=b=c',
    '__proto__=x',
    'constructor',
    'a/b/c=d',
    'x'.repeat(300),
  ],
  fieldSelector: [
    'metadata.name=a',
    'status.phase!=Running',
    'spec.nodeName=',
    '__proto__.x=1',
    'constructor.name=Object',
    '=',
    'a',
    'metadata.namespace=shop,metadata.name=b',
    'metadata.name=a\\,b\\',
    'involvedObject.kind=Pod',
  ],
  limit: ['1', '2', '0', '500', '-1', 'x', '1e3', '99999999999999999999', ''],
  resourceVersion: ['', '0', '1', '2', '5', '30', '100', 'x', '-1', '999999', '1.5', '18446744073709551616'],
  resourceVersionMatch: ['Exact', 'NotOlderThan', 'exact', 'x'],
  watch: ['true', '1', '0', 'x', ''],
  allowWatchBookmarks: ['true', 'x'],
  sendInitialEvents: ['true', 'false', 'x'],
  timeoutSeconds: ['1', '0', '-1', 'x', '99999999999'],
  timeout: ['1s', 'x', '10h'],
  dryRun: ['All', 'all', 'x', ''],
  fieldValidation: ['Strict', 'Warn', 'Ignore', 'strict'],
  fieldManager: ['kubectl', 'x'.repeat(129), '\u0000', '\u{1f600}', '__proto__'],
  force: ['true', 'false', 'x'],
  gracePeriodSeconds: ['0', '1', '-1', '1.5', 'x', '1e99'],
  propagationPolicy: ['Foreground', 'Background', 'Orphan', 'x'],
  orphanDependents: ['true', 'x'],
  includeObject: ['Object', 'None', 'Metadata', 'x'],
  pretty: ['true'],
  container: ['app', 'nope', '__proto__'],
  follow: ['true', 'x'],
  tailLines: ['1', '-1', 'x', '1e99'],
  limitBytes: ['1', '0', 'x'],
  sinceSeconds: ['1', '-1', 'x', '9'.repeat(30)],
  sinceTime: ['2026-01-02T03:04:05Z', 'x', '9999-12-31T23:59:59Z'],
  timestamps: ['true'],
  previous: ['true'],
  command: ['copy', 'fail', 'nope', '\u0000'],
  stdin: ['true'],
  stdout: ['true', '1'],
  stderr: ['true'],
  tty: ['true'],
  ports: ['80', '0', '65536', 'x'],
  path: ['/x', '../..'],
};
const ACCEPTS = [
  'application/json',
  '*/*',
  '',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=Table;v=v1beta1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  'application/json;as=Table;v=__proto__;g=constructor',
  'application/yaml',
  'application/vnd.kubernetes.protobuf,application/json',
  'application/vnd.kubernetes.protobuf',
  'text/html',
  ';;;,,,q=',
  'application/json;q=NaN',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  `${'a/b,'.repeat(2000)}*/*`,
];
const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/yaml',
  '',
  '*/*',
  'text/plain',
  'application/vnd.kubernetes.protobuf',
  'constructor',
  '__proto__',
  'application/merge-patch+json',
  ';',
];
export const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  'impersonate-user': [
    'vera',
    'system:serviceaccount:default:a',
    'system:serviceaccount:',
    'system:anonymous',
    '__proto__',
    '',
  ],
  'impersonate-group': ['system:masters', 'view', '__proto__'],
  'impersonate-uid': ['x'],
  'impersonate-extra-__proto__': ['x'],
  'impersonate-extra-%zz': ['x'],
  authorization: [
    'Bearer x',
    'Bearer',
    'Basic YTpi',
    'Bearer a.b.c',
    `Bearer ${'x'.repeat(9000)}`,
    'Bearer view-token',
    'Bearer plain-token',
  ],
  host: ['evil.example', 'localhost', '[::1]:1', ':', '', '__proto__', 'localhost:99999999'],
  origin: ['https://evil.example', 'null', 'https://localhost'],
  'user-agent': ['kubectl/v1.33.1', '/', '\u00ff', '', '__proto__/1'],
  'accept-encoding': ['gzip', 'gzip;q=0', 'identity', ';;'],
  'if-none-match': ['*', 'W/"x"', '"', ''],
  expect: ['100-continue', 'nonsense'],
  'x-stream-protocol-version': ['v4.channel.k8s.io', 'x'],
};
const BODY_METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'];

export function requestOf(seed: number): FuzzRequest {
  const dice = new Dice(seed);
  const target = targetOf(dice);
  const method = target.likely !== undefined && dice.chance(0.7) ? target.likely : dice.one(METHODS);
  const { body, contentType } =
    BODY_METHODS.includes(method) || dice.chance(0.02) ? bodyOf(dice, method, target) : NO_BODY;
  return {
    via: dice.chance(0.6) ? 'tls' : 'socket',
    method,
    path: withQuery(dice, target.path, method),
    headers: headersOf(dice, contentType),
    body,
  };
}

/** What a request is for. */
interface Target {
  readonly path: string;
  readonly info?: KindInfo;
  readonly name?: string;
  readonly subresource?: string;
  /** The method that means most there. */
  readonly likely?: string;
  readonly sample?: JsonObject;
}

function targetOf(dice: Dice): Target {
  if (dice.chance(0.08)) {
    const path = dice.one(REVIEWS);
    return { path, likely: 'POST', sample: REQUEST_BODIES[path.split('/').at(-1) ?? ''] ?? {} };
  }
  if (dice.chance(0.1)) return { path: dice.chance(0.5) ? dice.one(OTHERS) : damagedPath(dice, dice.one(OTHERS)) };
  const target = resource(dice);
  return dice.chance(0.12) ? { ...target, path: damagedPath(dice, target.path) } : target;
}

/** Services wish for the same few addresses, so that they get into each other's way. */
function sample(dice: Dice, info: KindInfo, name: string): JsonObject {
  const object = sampleOf(info, name);
  if (info.kind !== 'Service' || dice.chance(0.7)) return object;
  const wished = { clusterIP: `10.96.0.${20 + dice.below(3)}`, type: dice.one(['ClusterIP', 'NodePort']) };
  return { ...object, spec: { ...(object.spec as JsonObject), ...wished } };
}

function resource(dice: Dice): Target {
  const info = dice.one(ALL_KINDS);
  const root = info.apiVersion.includes('/') ? '/apis/' : '/api/';
  const isAll = !info.namespaced || dice.chance(0.1);
  const namespace = isAll ? '' : `/namespaces/${dice.chance(0.05) ? 'nowhere' : dice.one(NAMESPACES)}`;
  const collection = `${root}${info.apiVersion}${namespace}/${info.plural}`;
  if (dice.chance(0.35))
    return {
      path: collection,
      info,
      likely: dice.one(['GET', 'POST', 'POST']),
      sample: sample(dice, info, dice.one(NAMES)),
    };
  const name = dice.chance(0.05) ? 'none' : dice.one(info.kind === 'Namespace' ? [...NAMES, ...NAMESPACES] : NAMES);
  const path = `${collection}/${name}`;
  if (dice.chance(0.7))
    return { path, info, name, likely: dice.one(['GET', 'PUT', 'PATCH', 'PATCH']), sample: sample(dice, info, name) };
  const subresource = dice.chance(0.3) ? dice.one(SUBRESOURCES) : dice.one(OF_KIND[info.kind] ?? ['status']);
  const own = Object.hasOwn(REQUEST_BODIES, subresource) ? REQUEST_BODIES[subresource] : undefined;
  const body = own ?? sample(dice, info, name);
  return { path: `${path}/${subresource}`, info, name, subresource, sample: body };
}

const OF_KIND: Readonly<Record<string, readonly string[]>> = {
  Pod: ['status', 'log', 'binding', 'eviction', 'ephemeralcontainers', 'proxy', 'exec'],
  Service: ['status', 'proxy'],
  Namespace: ['status', 'finalize'],
  ServiceAccount: ['token'],
  ReplicationController: ['status', 'scale'],
};

function damagedPath(dice: Dice, path: string): string {
  const parts = path.split('/');
  for (let count = dice.below(3); count >= 0; count--) {
    const at = 1 + dice.below(parts.length);
    const long = dice.chance(0.1) ? '%41'.repeat(dice.below(3000)) : dice.one(SEGMENTS);
    parts.splice(at, dice.below(2), dice.chance(0.2) ? (parts[at] ?? 'x').toUpperCase() : long);
  }
  return parts.join('/');
}

function withQuery(dice: Dice, path: string, method: string): string {
  const share = method === 'GET' ? 0.05 : 0.025;
  const pairs = dice.some(Object.keys(QUERY), share).map((name) => [name, dice.one(QUERY[name] ?? [''])] as const);
  if (dice.chance(0.04)) pairs.push(['continue', tokenOf(dice)]);
  const text = pairs.map(
    ([name, value]) => `${name}=${dice.chance(0.95) ? encodeURIComponent(value) : value.replace(/[^!-~]/g, '%')}`,
  );
  if (dice.chance(0.02)) text.push(dice.one(['&&&', '=', '%', '__proto__=x', 'a[b]=c', `q=${'x'.repeat(5000)}`]));
  return text.length === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${text.join('&')}`;
}

function tokenOf(dice: Dice): string {
  const after = { namespace: dice.one(['', 'default', '__proto__', '..']), name: dice.one(['a', '', '/', 'zzz']) };
  const token = continueToken({
    revision: dice.one([-1, 0, 1, 5, 20, 1e9, -5]),
    after,
    remaining: dice.one([undefined, 3, -1]),
  });
  return dice.chance(0.6) ? token : mutatedBytes(dice, Buffer.from(token)).toString('latin1');
}

function headersOf(dice: Dice, contentType: string): Record<string, string> {
  const names = dice.some(Object.keys(HEADERS), 0.012);
  return {
    ...Object.fromEntries(names.map((name) => [name, dice.one(HEADERS[name] ?? [''])])),
    ...(dice.chance(0.3) && { accept: dice.one(ACCEPTS) }),
    ...(contentType !== '' && { 'content-type': contentType }),
  };
}

interface Body {
  readonly body: string | Buffer;
  readonly contentType: string;
}

const NO_BODY: Body = { body: '', contentType: '' };

function bodyOf(dice: Dice, method: string, target: Target): Body {
  const sample = target.sample ?? dice.one(Object.values(REQUEST_BODIES));
  if (dice.chance(0.02))
    return { body: dice.bytes(dice.below(60)), contentType: dice.one([...CONTENT_TYPES, ...PATCH_TYPES]) };
  if (dice.chance(0.06)) {
    const bytes = Buffer.from(dice.one(fixtures).body, 'base64');
    return { body: mutatedBytes(dice, bytes, dice.below(5)), contentType: 'application/vnd.kubernetes.protobuf' };
  }
  if (method === 'DELETE' && dice.chance(0.9)) {
    if (dice.chance(0.5)) return NO_BODY;
    return { body: textOfJson(dice, mutated(dice, DELETE_OPTIONS)), contentType: 'application/json' };
  }
  if (method === 'PATCH') return patchOf(dice, sample);
  const value = dice.chance(0.3) ? sample : mutated(dice, sample);
  const contentType = dice.chance(0.9) ? 'application/json' : dice.one(CONTENT_TYPES);
  return { body: textOfJson(dice, value), contentType };
}

function patchOf(dice: Dice, sample: JsonObject): Body {
  const contentType = dice.chance(0.97) ? dice.one(PATCH_TYPES) : dice.one(CONTENT_TYPES);
  if (contentType === PATCH_TYPES[0]) {
    const operations = Array.from({ length: 1 + dice.below(4) }, () => operation(dice, sample));
    return { body: textOfJson(dice, dice.chance(0.85) ? operations : mutated(dice, operations)), contentType };
  }
  const value = dice.chance(0.5) ? sample : partOf(dice, sample);
  const spiced = contentType === PATCH_TYPES[2] && dice.chance(0.4) ? withDirectives(dice, value) : value;
  const text = textOfJson(dice, dice.chance(0.2) ? spiced : mutated(dice, spiced));
  return { body: contentType === PATCH_TYPES[3] && dice.chance(0.1) ? `---\n${text}\n` : text, contentType };
}

/** A few of the members, at every level. */
function partOf(dice: Dice, value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return dice.chance(0.1) ? null : value;
  const kept = dice.some(Object.entries(value), 0.7);
  return Object.fromEntries(kept.map(([key, member]) => [key, partOf(dice, member as Json)]));
}

function withDirectives(dice: Dice, value: Json): Json {
  if (Array.isArray(value))
    return dice.chance(0.3)
      ? [...value, { $patch: dice.one(['replace', 'delete', 'merge', 'x']) }]
      : value.map((item) => withDirectives(dice, item));
  if (typeof value !== 'object' || value === null) return value;
  const result: JsonObject = Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, withDirectives(dice, member as Json)]),
  );
  const key = dice.one(Object.keys(value)) ?? 'x';
  if (dice.chance(0.2)) result.$patch = dice.one<Json>(['replace', 'delete', 'x', null, 3]);
  if (dice.chance(0.2)) result.$retainKeys = dice.one<Json>([[key], ['name'], 'x', [1], null]);
  if (dice.chance(0.2))
    result[`$setElementOrder/${key}`] = dice.one<Json>([[{ name: 'app' }], ['a'], 'x', [null], [{}], [[1]]]);
  if (dice.chance(0.2)) result[`$deleteFromPrimitiveList/${key}`] = dice.one<Json>([['a'], 'x', [null]]);
  return result;
}

function operation(dice: Dice, sample: JsonObject): JsonObject {
  const op = dice.one(['add', 'replace', 'remove', 'test', 'copy', 'move', 'add', 'replace', 'nonsense']);
  const value = dice.chance(0.8) ? mutated(dice, valueAt(dice, sample)) : mutated(dice, sample);
  return {
    op,
    path: pointer(dice, sample),
    ...(dice.chance(0.9) && { value }),
    ...(dice.chance(0.3) && { from: pointer(dice, sample) }),
  };
}

function pointer(dice: Dice, value: Json): string {
  if (dice.chance(0.05))
    return dice.one([
      '',
      '/',
      'x',
      '/~',
      '/~2',
      '/__proto__/polluted',
      '/constructor/prototype/polluted',
      '/metadata/__proto__/polluted',
      '/spec/containers/-',
      '/spec/containers/01',
      '/spec/containers/-1',
      '/spec/containers/1e0',
      '/spec/containers/99999999999',
      '/spec/containers/length',
    ]);
  if (typeof value !== 'object' || value === null || dice.chance(0.2)) return '';
  const key = dice.one(Object.keys(value));
  if (key === undefined) return '/x';
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}${pointer(dice, (value as JsonObject)[key] ?? null)}`;
}

function valueAt(dice: Dice, value: Json): Json {
  if (typeof value !== 'object' || value === null || dice.chance(0.3)) return value;
  const key = dice.one(Object.keys(value));
  return key === undefined ? value : valueAt(dice, (value as JsonObject)[key] ?? null);
}
