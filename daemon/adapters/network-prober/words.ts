/** The words of Go's network errors, which people know from Kubernetes' events. Pure; the probes of this folder say them. */
import { messageOf } from '../../../reconcilers/ports/errors.ts';
import type { NetworkTarget } from '../../../reconcilers/ports/prober.ts';

/** Who asks: with the Kubernetes version whose API the server speaks, as programs and proxies look for it. */
export function userAgent(purpose: 'probe' | 'lifecycle'): string {
  return `kube-${purpose}/1.33`;
}

const CONNECT_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};

/** `10.244.0.2:80`, `[fd00::2]:80` */
export function addressOf({ host, port }: NetworkTarget): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `dial tcp 10.244.0.2:80: connect: connection refused` */
export function connectError(target: NetworkTarget, error: unknown): string {
  const { code = '', hostname } = error as NodeJS.ErrnoException & { readonly hostname?: string };
  const known = CONNECT_ERRORS[code];
  if (known !== undefined) return `dial tcp ${addressOf(target)}: connect: ${known}`;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${hostname ?? target.host}: no such host`;
  if (code === 'ECONNRESET') return 'read: connection reset by peer';
  return messageOf(error);
}
