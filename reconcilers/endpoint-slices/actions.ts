/** What the endpoint-slices loop can do: make, correct and remove one EndpointSlice. */
import type { EndpointSlice } from '../objects/kinds/endpoint-slice.ts';
import type { ObjectKey, OwnerReference } from '../objects/meta.ts';

export type EndpointSliceAction =
  | { readonly kind: 'create-slice'; readonly slice: WantedSlice }
  | { readonly kind: 'update-slice'; readonly slice: WantedSlice; readonly resourceVersion: string }
  | (ObjectKey & { readonly kind: 'delete-slice'; readonly uid: string; readonly resourceVersion: string });

/** The whole of what the loop decides about the object. */
export interface WantedSlice extends Required<Pick<EndpointSlice, 'addressType' | 'endpoints' | 'ports'>> {
  readonly metadata: ObjectKey & {
    readonly labels: Record<string, string>;
    readonly ownerReferences: OwnerReference[];
  };
}
