/** What the cluster-bootstrap loop can do: make what every cluster has, and put it right. */
import type { Namespace } from '../objects/cluster.ts';
import type { StorageClass } from '../objects/kinds/storage-class.ts';
import type { Draft, ObjectKey } from '../objects/meta.ts';
import type { Endpoints, Service } from '../objects/service.ts';

export type ClusterBootstrapAction =
  | { readonly kind: 'create-namespace'; readonly namespace: Draft<Namespace> }
  | { readonly kind: 'create-storage-class'; readonly storageClass: Draft<StorageClass> }
  | { readonly kind: 'create-service'; readonly service: Draft<Service> }
  /** Only where its address is not the one it should have any more: an address cannot be changed. */
  | { readonly kind: 'delete-service'; readonly service: ObjectKey; readonly uid: string }
  /** One that an earlier version made. */
  | { readonly kind: 'update-service'; readonly service: Service }
  | { readonly kind: 'create-endpoints'; readonly subsets: NonNullable<Endpoints['subsets']> }
  | {
      readonly kind: 'update-endpoints';
      readonly resourceVersion: string;
      readonly subsets: NonNullable<Endpoints['subsets']>;
    };
