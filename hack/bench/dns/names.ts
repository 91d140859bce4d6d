/** The cluster that the benchmark of DNS asks about, and its questions: what programs with five dots and a search list really ask. */
import { encode } from 'dns-packet';
import type { EndpointSlice } from '../../../reconcilers/objects/kinds/endpoint-slice.ts';
import type { Draft } from '../../../reconcilers/objects/meta.ts';
import type { Service } from '../../../reconcilers/objects/service.ts';

export const SERVICES = 1_000;
const HEADLESS = 100;
const ENDPOINTS = 10;
const DOMAIN = 'svc.cluster.local';

export function service(index: number): Draft<Service> {
  const isHeadless = index < HEADLESS;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: nameOf(index), namespace: 'default' },
    spec: {
      type: 'ClusterIP',
      clusterIP: isHeadless ? 'None' : addressOf(index),
      ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
      sessionAffinity: 'None',
    },
    status: { loadBalancer: {} },
  };
}

/** `turn` makes them others. */
export function slice(index: number, turn = 0): Draft<EndpointSlice> {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, i) => ({
    addresses: [`10.${200 + (turn % 50)}.${index % 250}.${i + 1}`],
    hostname: `pod-${i}`,
    conditions: { ready: true },
  }));
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: nameOf(index),
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': nameOf(index) },
    },
    addressType: 'IPv4',
    endpoints,
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  };
}

export function nameOf(index: number): string {
  return `web-${String(index).padStart(4, '0')}`;
}

export function addressOf(index: number): string {
  return `10.96.${100 + Math.floor(index / 250)}.${(index % 250) + 1}`;
}

/** Of ten questions: six for an address, two for an IPv6 address, one that is no name of the search list, one for ports. */
export function mixedQuestions(): Buffer[] {
  return Array.from({ length: SERVICES }, (_, i) => {
    const name = `${nameOf(i)}.default.${DOMAIN}`;
    const kind = i % 10;
    if (kind < 6) return question(name, 'A');
    if (kind < 8) return question(name, 'AAAA');
    return kind === 8 ? question(`www.example.com.default.${DOMAIN}`, 'A') : question(`_http._tcp.${name}`, 'SRV');
  });
}

/** What dnsmasq can be told as well. */
export function addressQuestions(): Buffer[] {
  return Array.from({ length: SERVICES }, (_, i) => question(`${nameOf(i)}.default.${DOMAIN}`, 'A'));
}

export function hostsFile(): string {
  return Array.from({ length: SERVICES }, (_, i) => `${addressOf(i)} ${nameOf(i)}.default.${DOMAIN}\n`).join('');
}

function question(name: string, type: 'A' | 'AAAA' | 'SRV'): Buffer {
  return encode({ type: 'query', id: 0, flags: 0x0100, questions: [{ name, type }] });
}
