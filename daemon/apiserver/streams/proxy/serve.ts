/**
 * `pods/NAME/proxy/...`, `services/NAME/proxy/...`, `nodes/NAME/proxy/...`: any request, passed on to a program's HTTP server, and its
 * answer passed back as it comes. Programs' pages are not rewritten, only their redirects.
 */
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { ResourceRequest } from '../../request-info.ts';
import { joinDirections } from '../port-forward/relay.ts';
import { asksForUpgrade, keepOpen, takeOver, type Upgrade } from '../upgrade.ts';
import { type Headers, requestHeaders, responseHeaders } from './headers.ts';
import { serveKubelet } from './kubelet.ts';
import { type Target, type TargetDeps, targetOf } from './target.ts';

export interface ProxyDeps extends TargetDeps {
  readonly nodeName: string;
}

export function serveProxy(exchange: Exchange, asked: ResourceRequest, deps: ProxyDeps): Promise<void> {
  return asksForUpgrade(exchange) ? serveUpgrade(exchange, asked, deps) : servePlain(exchange, asked, deps);
}

/** Pods come and go: a kept connection would be to one that went. */
const connections = new Agent({ keepAlive: false });

async function servePlain(exchange: Exchange, asked: ResourceRequest, deps: ProxyDeps): Promise<void> {
  const { request, response, signal } = exchange;
  const target = await targetOf(asked, deps);
  if (target === 'kubelet') return serveKubelet(exchange, asked, deps);
  if (asked.path === '' && (request.method === 'GET' || request.method === 'HEAD')) {
    const { pathname, search } = urlOf(request);
    response.writeHead(301, { location: `${pathname}/${search}` }).end();
    return;
  }
  const outgoing = passOn(request, asked, target, signal);
  const sending = pipeline(request, outgoing);
  sending.catch(() => {}); // an answer may come before the body was read; without one, `answerTo` tells
  const answer = await answerTo(outgoing);
  await answerWith(exchange, answer, backHeaders(request, answer, target, asked));
}

async function answerWith({ response }: Exchange, answer: IncomingMessage, headers: Headers): Promise<void> {
  response.writeHead(answer.statusCode as number, answer.statusMessage, headers);
  await pipeline(answer, response).catch((error) => {
    throw new SampanError('ServiceUnavailable', { detail: `the answer broke off: ${messageOf(error)}` }, error);
  });
}

/** For a request that asks to leave HTTP: both sides are joined when the program agrees. */
async function serveUpgrade(upgrade: Upgrade, asked: ResourceRequest, deps: ProxyDeps): Promise<void> {
  const { request, signal } = upgrade;
  const target = await targetOf(asked, deps);
  if (target === 'kubelet') throw new SampanError('BadRequest', { detail: 'nothing here is upgraded to' });
  const outgoing = passOn(request, asked, target, signal, request.headers.upgrade);
  const agreed = new Promise<[IncomingMessage, Socket, Buffer]>((resolve) => {
    outgoing.once('upgrade', (...event) => resolve(event as [IncomingMessage, Socket, Buffer]));
  });
  outgoing.end();
  const outcome = await Promise.race([agreed, answerTo(outgoing)]);
  if (!Array.isArray(outcome)) {
    return answerWith(upgrade, outcome, backHeaders(request, outcome, target, asked));
  }
  const [answer, behind, first] = outcome;
  const headers = backHeaders(request, answer, target, asked);
  const socket = takeOver(upgrade);
  keepOpen(behind);
  writeHead(socket, answer, { ...headers, connection: 'Upgrade', upgrade: answer.headers.upgrade ?? '' });
  if (first.length > 0) behind.unshift(first);
  if (upgrade.upgrade.head.length > 0) socket.unshift(upgrade.upgrade.head);
  await joinDirections(socket, behind);
}

function passOn(
  request: IncomingMessage,
  asked: ResourceRequest,
  { scheme, host, port }: Target,
  signal: AbortSignal,
  upgrade?: string,
): ClientRequest {
  const { pathname, search } = urlOf(request);
  const clientAddress = request.socket.remoteAddress;
  const options = {
    host,
    port,
    method: request.method,
    path: `${asked.path === '' ? '/' : asked.path}${search}`,
    headers: requestHeaders(request.headers, {
      clientAddress,
      uri: pathname,
      ...(upgrade !== undefined && { upgrade }),
    }),
    setHost: false,
    signal,
  };
  // What a program shows for a certificate says nothing about an address that changes with each pod; Kubernetes asks for none either.
  return scheme === 'https'
    ? httpsRequest({ ...options, rejectUnauthorized: false, agent: false })
    : httpRequest({ ...options, agent: connections });
}

function answerTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', (error) => {
      const detail = `error trying to reach service: ${messageOf(error)}`;
      reject(error.name === 'AbortError' ? error : new SampanError('ServiceUnavailable', { detail }, error));
    });
  });
}

function backHeaders(
  request: IncomingMessage,
  answer: IncomingMessage,
  { host, port }: Target,
  { path }: ResourceRequest,
) {
  const { pathname } = urlOf(request);
  const prefix = pathname.slice(0, pathname.length - path.length);
  const hosts = [host, `${host}:${port}`, request.headers.host ?? ''];
  return responseHeaders(answer.headers, { prefix, hosts });
}

function writeHead(socket: Duplex, answer: IncomingMessage, headers: Headers): void {
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${each}`));
  socket.write([`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`, ...lines, '\r\n'].join('\r\n'));
}

function urlOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', 'http://proxied');
}
