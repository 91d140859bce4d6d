/**
 * The agent's way to a master before it has anything but a join token, and to renew what it has: which certificates the server shows,
 * and one of its own from it. Each call is one attempt on a connection of its own; nothing secret is sent to a server that has
 * not proved itself. node-credential.ts says when and where.
 */
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { isAbort, messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import { bodyText } from './body-text.ts';

const PATIENCE_MS = 10_000;
const MOST_BYTES = 1_048_576;
/** What a master will say again: who asks, or what is asked for, has to change first. */
const FINAL: readonly number[] = [400, 401, 403, 404, 405, 422];
const NODES = 'system:nodes';

/** PEM. */
export interface SignedCertificate {
  readonly certificate: string;
  readonly authority: string;
}

export interface CertificateAsked {
  readonly node: string;
  /** PKCS#10 in PEM. */
  readonly request: string;
  /** PEM of the authority that the server must stand under. */
  readonly ca: string;
  /** Who asks. */
  readonly as: { readonly token: string } | { readonly cert: string; readonly key: string };
}

/**
 * The certificates that `server` (an https URL) shows, its authority among them. Nothing has been checked of them: who asks it for
 * something checks that it has the key of the first, and that the authority it trusts signed that.
 */
export async function shownChain(server: string, signal: AbortSignal): Promise<readonly X509Certificate[]> {
  const { hostname, port } = new URL(server);
  const host = hostname.replace(/^\[|\]$/g, '');
  const until = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const options = {
    host,
    port: Number(port || 443),
    rejectUnauthorized: false,
    ...(isIP(host) === 0 && { servername: host }),
  };
  const socket = connect(options);
  try {
    await connected(socket, until);
    return chainOf(socket.getPeerCertificate(true));
  } catch (cause) {
    throw translated(server, cause, signal);
  } finally {
    socket.destroy();
  }
}

/** JoinRefused where the server will not give it, ServerUntrusted, or ServerUnavailable where another attempt may succeed. */
export async function askCertificate(
  server: string,
  { node, request, ca, as }: CertificateAsked,
  signal: AbortSignal,
): Promise<SignedCertificate> {
  const path = `/apis/sampan.dev/v1/nodes/${encodeURIComponent(node)}/certificate`;
  const body = JSON.stringify({ kind: 'NodeCertificate', apiVersion: 'sampan.dev/v1', spec: { request } });
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'user-agent': 'sampan-agent',
    ...('token' in as && { authorization: `Bearer ${as.token}` }),
  };
  const identity = 'token' in as ? {} : as;
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = {
        method: 'POST',
        headers,
        ca,
        ...identity,
        agent: false,
        checkServerIdentity: checkApiServer,
        signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
      } as const;
      httpsRequest(new URL(path, server), options, resolve).on('error', reject).end(body);
    });
    const text = await bodyText(response, MOST_BYTES);
    const { statusCode = 0 } = response;
    if (statusCode === 201) return signedIn(text);
    if (!FINAL.includes(statusCode)) throw new Error(messageIn(text, statusCode));
    const detail = statusCode === 401 ? unauthorized('token' in as) : messageIn(text, statusCode);
    throw new SampanError('JoinRefused', { server, node, detail });
  } catch (cause) {
    throw translated(server, cause, signal);
  }
}

/** `tls.checkServerIdentity`, for who must speak to an API server: a node's certificate is of the same authority, and is none of one. */
export function checkApiServer(host: string, certificate: PeerCertificate): Error | undefined {
  const isNode = [certificate.subject.O].flat().includes(NODES);
  return isNode
    ? new SampanError('ServerUntrusted', { server: host, detail: 'a node answers there' })
    : checkServerIdentity(host, certificate);
}

async function connected(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket
      .once('secureConnect', resolve)
      .once('error', reject)
      .once('close', () => reject(new Error('it hung up')));
    const giveUp = () => reject(signal.reason as Error);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', giveUp));
  });
}

type ShownCertificate = Pick<PeerCertificate, 'raw'> & { readonly issuerCertificate?: ShownCertificate };

/** A root is its own issuer. */
function chainOf(first: ShownCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<ShownCertificate>();
  for (let each: ShownCertificate | undefined = first; each?.raw !== undefined && !seen.has(each); ) {
    seen.add(each);
    chain.push(new X509Certificate(each.raw));
    each = each.issuerCertificate;
  }
  return chain;
}

function signedIn(text: string): SignedCertificate {
  const { status } = JSON.parse(text) as { status?: Partial<SignedCertificate> };
  if (typeof status?.certificate === 'string' && typeof status.authority === 'string') {
    return { certificate: status.certificate, authority: status.authority };
  }
  throw new Error('it answers something that is no certificate');
}

function messageIn(text: string, code: number): string {
  try {
    const { message } = JSON.parse(text) as { message?: string };
    if (typeof message === 'string') return message;
  } catch {
    // Something else than an API server may be in between.
  }
  return `it answers ${code}: ${text.slice(0, 200)}`;
}

function unauthorized(isToken: boolean): string {
  return isToken
    ? 'the join token is not known there, has expired or was revoked; sampan token create makes another'
    : 'its certificate is not known there, or has expired';
}

function translated(server: string, cause: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || cause instanceof SampanError) return cause;
  const { code = '' } = cause as NodeJS.ErrnoException;
  const isTimeout = isAbort(cause) || (cause as Error).name === 'TimeoutError';
  const detail = isTimeout ? `no answer within ${PATIENCE_MS / 1000} s` : messageOf(cause);
  // How Node names what it did not like of a certificate; what went wrong before is of OpenSSL or the network.
  const isCertificate = /CERT|ISSUER|SIGNATURE|ALTNAME/.test(code) && !code.startsWith('ERR_SSL');
  if (isCertificate) return new SampanError('ServerUntrusted', { server, detail }, cause);
  return new SampanError('ServerUnavailable', { servers: server, detail }, cause);
}
