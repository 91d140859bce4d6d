/**
 * Keeps web pages out. A browser on the same machine reaches 127.0.0.1, may show the user's certificate by itself, and sends what any
 * page tells it to; no page has business here. Pure. See docs/decisions/0022-no-way-in-for-web-pages.md.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4 } from 'node:net';

/** Why the request is refused; undefined where no page can have sent it. `hosts` in lower case, without ports. */
export function browserRefusal(headers: IncomingHttpHeaders, hosts: ReadonlySet<string>): string | undefined {
  const host = hostOf(headers.host ?? '');
  if (host === undefined || !hosts.has(host)) {
    return `this API server is not known as "${headers.host ?? ''}"; if it should be, name it with --tls-san`;
  }
  // Every browser of today says where a request comes from; `none` is a person who typed the address.
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'none') return 'requests from web pages are not served';
  // Some WebSocket libraries (Python's) name the server itself as the origin. A page cannot, unless it came from here. Older ones say
  // http all the same; that is believed on the loopback interface only, for elsewhere somebody in between could make such a page.
  const { origin } = headers;
  if (origin === undefined) return undefined;
  const page = URL.parse(origin);
  const scheme = page?.protocol === 'https:' || (page?.protocol === 'http:' && isLoopback(host));
  const own = page?.host === headers.host?.toLowerCase() && scheme && site === undefined;
  return own ? undefined : `requests from web pages are not served, this one comes from ${origin}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** `localhost:6443` is localhost, `[::1]:6443` is ::1; undefined where it cannot be read. */
function hostOf(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@]+))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
}
