/** Headers on their way through `proxy`, in both directions: what belongs to one connection, or to the API alone, stays behind. Pure. */
import type { IncomingHttpHeaders } from 'node:http';

/** RFC 9110, 7.6.1, and what the past had. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Who the client is to the API is nobody's business behind it: a program in a pod could use the credentials. */
const CREDENTIALS = /^(authorization|x-remote-|impersonate-)/;
const CORS = /^access-control-allow-(credentials|headers|methods|origin)$/;

export type Headers = Record<string, string | string[]>;

/** `upgrade`: the protocol to ask for, where the request is to leave HTTP. */
export function requestHeaders(
  given: IncomingHttpHeaders,
  about: { readonly clientAddress: string | undefined; readonly uri: string; readonly upgrade?: string },
): Headers {
  const headers = withoutHops(given, (name) => CREDENTIALS.test(name));
  const forwarded = [given['x-forwarded-for'] ?? [], about.clientAddress ?? []].flat();
  if (forwarded.length > 0) headers['x-forwarded-for'] = forwarded.join(', ');
  headers['x-forwarded-uri'] = about.uri;
  // Of each connection its own, and without it a body whose length is not known would be taken for another request.
  if (given['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  if (about.upgrade !== undefined) Object.assign(headers, { connection: 'Upgrade', upgrade: about.upgrade });
  return headers;
}

/** `prefix`: the path up to `proxy`, for redirects within the program, which knows nothing of it. */
export function responseHeaders(
  given: IncomingHttpHeaders,
  about: { readonly prefix: string; readonly hosts: readonly string[] },
) {
  const headers = withoutHops(given, (name) => CORS.test(name));
  if (given.location !== undefined) headers.location = relocate(given.location, about);
  return headers;
}

function withoutHops(given: IncomingHttpHeaders, isDropped: (name: string) => boolean): Headers {
  const named = (given.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const kept = Object.entries(given).filter(
    ([name, value]) => value !== undefined && !HOP_BY_HOP.includes(name) && !named.includes(name) && !isDropped(name),
  );
  return Object.fromEntries(kept) as Headers;
}

/** A path, or a URL of the program itself, becomes a path through the proxy; anything else stays. */
function relocate(
  location: string,
  { prefix, hosts }: { readonly prefix: string; readonly hosts: readonly string[] },
): string {
  if (location.startsWith('//') || !URL.canParse(location, 'http://proxied')) return location;
  const url = new URL(location, 'http://proxied');
  const isOwn = location.startsWith('/') || hosts.includes(url.host);
  const path = `${url.pathname}${url.search}${url.hash}`;
  return isOwn && !url.pathname.startsWith(`${prefix}/`) ? `${prefix}${path}` : location;
}
