/** What the cluster-dns loop can do: write where the cluster's DNS servers listen. */
import type { EndpointSubset } from '../objects/service.ts';

export type ClusterDnsAction =
  | { readonly kind: 'create-endpoints'; readonly subsets: EndpointSubset[] }
  | { readonly kind: 'update-endpoints'; readonly resourceVersion: string; readonly subsets: EndpointSubset[] };
