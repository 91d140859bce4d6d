/**
 * One GET as Kubernetes makes it: on a connection of its own, without a look at certificates, with redirects that stay on the host.
 * Source: pkg/probe/http (http.go, request.go).
 */
import { Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as SecureAgent } from 'node:https';
import { isIP } from 'node:net';
import type { HttpAnswer, HttpTarget, ProbeLimits } from '../../../reconcilers/ports/prober.ts';
import { Deadline } from './deadline.ts';
import { addressOf, connectError, userAgent } from './words.ts';

/** A new connection for each: what is asked is whether a new client is served. */
const PLAIN = new Agent({ keepAlive: false });
const SECURE = new SecureAgent({ keepAlive: false, rejectUnauthorized: false, maxCachedSessions: 0 });

const MOST_BODY = 10 * 1024;
const MOST_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];

export async function httpProbe(target: HttpTarget, limits: ProbeLimits): Promise<HttpAnswer> {
  limits.signal.throwIfAborted();
  using deadline = new Deadline(limits);
  let url = urlOf(target);
  try {
    for (let redirects = 0; ; redirects++) {
      const response = await get(url, target, deadline.signal);
      const next = redirectOf(response, url);
      if (next === undefined) return answerOf(response, await bodyOf(response));
      response.destroy();
      if (redirects === MOST_REDIRECTS - 1) {
        return { outcome: 'failure', output: `Get "${next.href}": stopped after ${MOST_REDIRECTS} redirects` };
      }
      url = next;
    }
  } catch (error) {
    const timeout = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
    const { hostname, port } = url;
    const dialled = {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || (url.protocol === 'https:' ? 443 : 80)),
    };
    return {
      outcome: 'failure',
      output: `Get "${url.href}": ${deadline.isOver ? timeout : connectError(dialled, error)}`,
    };
  }
}

/** The path is put behind the host as it is: it cannot name another one. */
function urlOf(target: HttpTarget): URL {
  const { scheme, path } = target;
  return new URL(`${scheme.toLowerCase()}://${addressOf(target)}${path.startsWith('/') ? '' : '/'}${path}`);
}

function get(url: URL, target: HttpTarget, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = { headers: headersOf(url, target), signal };
  const name = hostHeader(target)?.replace(/:\d+$/, '') ?? url.hostname;
  const request =
    url.protocol === 'https:'
      ? requestHttps(url, { ...options, agent: SECURE, ...(!isAddress(name) && { servername: name }) })
      : requestHttp(url, { ...options, agent: PLAIN });
  request.on('response', resolve).on('error', reject).end();
  return promise;
}

function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, '')) !== 0;
}

/** As name, value, name, value: a header may be there several times. */
function headersOf(url: URL, target: HttpTarget): string[] {
  const named = (name: string) => target.headers.some((each) => each.name.toLowerCase() === name);
  const own = target.headers.filter(({ name, value }) => {
    const lower = name.toLowerCase();
    return lower !== 'host' && !(lower === 'accept' && value === '');
  });
  return [
    'Host',
    hostHeader(target) ?? url.host,
    ...(named('user-agent') ? [] : ['User-Agent', userAgent(target.purpose)]),
    ...(named('accept') ? [] : ['Accept', '*/*']),
    ...own.flatMap(({ name, value }) => [name, value]),
    'Connection',
    'close',
  ];
}

function hostHeader({ headers }: HttpTarget): string | undefined {
  return headers.find(({ name, value }) => name.toLowerCase() === 'host' && value !== '')?.value;
}

/** Where a redirect leads, as long as it stays on the host. */
function redirectOf({ statusCode = 0, headers: { location } }: IncomingMessage, from: URL): URL | undefined {
  if (!REDIRECTS.includes(statusCode) || location === undefined) return undefined;
  const next = URL.parse(location, from);
  const isKnown = next !== null && (next.protocol === 'http:' || next.protocol === 'https:');
  return isKnown && next.hostname === from.hostname ? next : undefined;
}

/** No more of it than people are shown. */
function bodyOf(response: IncomingMessage): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let body = '';
  const end = () => resolve(body.slice(0, MOST_BODY));
  const take = (text: string) => {
    body += text;
    if (body.length < MOST_BODY) return;
    end();
    response.destroy();
  };
  response.setEncoding('utf8').on('data', take).on('end', end).on('error', reject);
  return promise;
}

function answerOf({ statusCode: status = 0 }: IncomingMessage, body: string): HttpAnswer {
  if (status < 200 || status >= 400) {
    return { outcome: 'failure', output: `HTTP probe failed with statuscode: ${status}`, status };
  }
  if (status < 300) return { outcome: 'success', output: body, status };
  return { outcome: 'warning', output: `Probe terminated redirects, Response body: ${body}`, status };
}
