/**
 * One GET as Kubernetes makes it: on a connection of its own, without a look at certificates, with redirects that stay on the host.
 * Source: pkg/probe/http (http.go, request.go).
 */
import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { HttpAnswer, HttpTarget, ProbeLimits } from '../../../reconcilers/ports/prober.ts';
import { Deadline } from './deadline.ts';
import { addressOf, connectError, userAgent } from './words.ts';

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

async function get(url: URL, target: HttpTarget, signal: AbortSignal): Promise<IncomingMessage> {
  const isSecure = url.protocol === 'https:';
  const headers = headersOf(url, target);
  const name = hostHeader(target)?.replace(/:\d+$/, '') ?? url.hostname;
  const request = isSecure
    ? requestHttps(url, {
        agent: false,
        headers,
        signal,
        rejectUnauthorized: false,
        ...(isIP(name.replace(/^\[|\]$/g, '')) === 0 && { servername: name }),
      })
    : requestHttp(url, { agent: false, headers, signal });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
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
async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= MOST_BODY) break;
  }
  return Buffer.concat(chunks).subarray(0, MOST_BODY).toString();
}

function answerOf({ statusCode: status = 0 }: IncomingMessage, body: string): HttpAnswer {
  if (status < 200 || status >= 400) {
    return { outcome: 'failure', output: `HTTP probe failed with statuscode: ${status}`, status };
  }
  if (status < 300) return { outcome: 'success', output: body, status };
  return { outcome: 'warning', output: `Probe terminated redirects, Response body: ${body}`, status };
}
