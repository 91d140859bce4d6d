/**
 * `pods/NAME/proxy/...`, `services/NAME/proxy/...`, `nodes/NAME/proxy/...`: any request, passed on to a program's HTTP server, and its
 * answer passed back as it comes. Programs' pages are not rewritten, only their redirects.
 */
import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { Nodes } from '../../nodes/nodes.ts';
import type { ResourceRequest } from '../../request-info.ts';
import { passOn } from '../pass-on.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import { parseProxyName, type Target, type TargetDeps, targetOf } from './target.ts';

export interface ProxyDeps extends TargetDeps {
  readonly nodes: Nodes;
  /** Whether this machine reaches that address of another node's pod itself. */
  readonly leadsToPod: (address: string) => boolean;
}

/** Pods come and go: a kept connection would be to one that went. */
const connections = new Agent({ keepAlive: false });

export async function serveProxy(exchange: Exchange, asked: ResourceRequest, deps: ProxyDeps): Promise<void> {
  const { request, response } = exchange;
  const target = await targetOf(asked, deps);
  const { pathname, search } = urlOf(request);
  if (target === 'kubelet') {
    // Rights to read of nodes are none to act in their pods.
    if (exchange.upgrade !== undefined) throw new SampanError('BadRequest', { detail: 'nothing here is upgraded to' });
    return deps.nodes.serve(exchange, parseProxyName(asked.name)?.name ?? '', `${asked.path || '/'}${search}`);
  }
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (asked.path === '' && isRead && exchange.upgrade === undefined) {
    response.writeHead(301, { location: `${pathname}/${search}` }).end();
    return;
  }
  const { host, port } = target;
  const prefix = pathname.slice(0, pathname.length - asked.path.length);
  const hosts = [host, `${host}:${port}`, request.headers.host ?? ''];
  await passOn(exchange, {
    outgoing: await requestTo(target, exchange, asked, deps),
    headersOf: (answer) => responseHeaders(answer.headers, { prefix, hosts }),
    failure: 'error trying to reach service',
  });
}

async function requestTo(
  target: Target,
  { request, signal, upgrade }: Exchange,
  asked: ResourceRequest,
  deps: ProxyDeps,
): Promise<ClientRequest> {
  const { scheme, host, port } = target;
  const { pathname, search } = urlOf(request);
  const options: RequestOptions = {
    host,
    port,
    method: request.method ?? 'GET',
    path: `${asked.path === '' ? '/' : asked.path}${search}`,
    headers: requestHeaders(request.headers, {
      clientAddress: request.socket.remoteAddress,
      uri: pathname,
      ...(upgrade && { upgrade: request.headers.upgrade ?? '' }),
    }),
    setHost: false,
    signal,
  };
  const tunnel = await tunnelTo(target, deps, signal);
  if (tunnel !== undefined) return httpRequest({ ...options, createConnection: () => over(tunnel, scheme) });
  return scheme === 'https'
    ? httpsRequest({ ...options, ...UNPROVEN, agent: false })
    : httpRequest({ ...options, agent: connections });
}

/** What a program shows for a certificate says nothing about an address that changes with each pod; Kubernetes asks for none either. */
const UNPROVEN = { rejectUnauthorized: false };

function over(tunnel: Duplex, scheme: Target['scheme']): Duplex {
  return scheme === 'https' ? tlsConnect({ socket: tunnel, ...UNPROVEN }) : tunnel;
}

/** By way of the pod's node, where no route leads from here to the pod. */
async function tunnelTo(
  { pod, host, port }: Target,
  deps: ProxyDeps,
  signal: AbortSignal,
): Promise<Duplex | undefined> {
  const nodeName = pod?.spec.nodeName;
  if (pod === undefined || nodeName === undefined || deps.nodes.isOwn(nodeName)) return undefined;
  if (pod.spec.hostNetwork || deps.leadsToPod(host)) return undefined;
  const { namespace = '', name } = pod.metadata;
  return deps.nodes.connect(nodeName, { namespace, name }, port, signal);
}

function urlOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', 'http://proxied');
}
