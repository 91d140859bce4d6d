/**
 * The names a pod has for itself and for others, and where it asks for names: hostname, domain, further lines of its hosts file, its
 * resolver. Rules in validation-pod-names.ts; the kubelet writes the files. Pure. Source: pkg/kubelet/kubelet_pods.go.
 */
import type { Pod } from './pod.ts';

export type DnsPolicy = 'ClusterFirst' | 'ClusterFirstWithHostNet' | 'Default' | 'None';

export interface PodDnsConfig {
  nameservers?: string[];
  searches?: string[];
  options?: DnsOption[];
}

export interface DnsOption {
  name: string;
  value?: string;
}

/** A line of the hosts file. */
export interface HostAlias {
  ip: string;
  hostnames?: string[];
}

const MAX_LABEL = 63;
/** Linux' __NEW_UTS_LEN. */
const MAX_KERNEL_HOSTNAME = 64;

/** The pod's name where it declares none, cut as Kubernetes cuts it. */
export function podHostname({ metadata, spec }: Pod): string {
  return (spec.hostname ?? metadata.name).slice(0, MAX_LABEL).replace(/[-.]+$/, '');
}

/** `subdomain.namespace.svc.cluster.local`; undefined for a pod without a subdomain. */
export function podDomain({ metadata, spec }: Pod, clusterDomain: string): string | undefined {
  return spec.subdomain ? `${spec.subdomain}.${metadata.namespace}.svc.${clusterDomain}` : undefined;
}

/** What the kernel is told: the hostname, or with setHostnameAsFQDN the full name. */
export function kernelHostname(pod: Pod, clusterDomain: string): string {
  const domain = podDomain(pod, clusterDomain);
  const hostname = podHostname(pod);
  return pod.spec.setHostnameAsFQDN && domain !== undefined ? `${hostname}.${domain}` : hostname;
}

/** Why the kernel does not take it; undefined where it does. */
export function hostnameProblem(hostname: string): string | undefined {
  if (hostname.length <= MAX_KERNEL_HOSTNAME) return undefined;
  return `Failed to construct FQDN from pod hostname and cluster domain, FQDN ${hostname} is too long (${MAX_KERNEL_HOSTNAME} characters is the max, ${hostname.length} characters requested)`;
}
