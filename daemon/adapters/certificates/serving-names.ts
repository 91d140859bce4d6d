/** Under which names and addresses clients reach the API server: what its certificate says, and what a Host header may say. Pure. */
import { isIP } from 'node:net';

/** How pods know it. https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ */
const SERVICE_NAMES = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

export interface ServingPlace {
  readonly hostname: string;
  readonly nodeIP: string;
  readonly bindAddress: string;
  /** The first address of the service range. */
  readonly serviceIP: string;
  /** `--tls-san`. */
  readonly extraNames: readonly string[];
}

export function servingNames({ hostname, nodeIP, bindAddress, serviceIP, extraNames }: ServingPlace): string[] {
  const addresses = ['127.0.0.1', '::1', nodeIP, serviceIP, ...(isWildcard(bindAddress) ? [] : [bindAddress])];
  const names = ['localhost', hostname, ...SERVICE_NAMES];
  return [...new Set([...addresses, ...names, ...extraNames].map((name) => name.toLowerCase()))];
}

/** Whether it stands for all addresses of the machine. */
export function isWildcard(address: string): boolean {
  return isIP(address) !== 0 && /^[0:.]+$/.test(address);
}
