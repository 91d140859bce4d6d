/** What the endpoints loop can do: make, correct and remove one Endpoints object. */
import type { Endpoints } from '../objects/service.ts';

export type EndpointsAction =
  | { readonly kind: 'create-endpoints'; readonly endpoints: WantedEndpoints }
  | { readonly kind: 'update-endpoints'; readonly endpoints: WantedEndpoints; readonly resourceVersion: string }
  | {
      readonly kind: 'delete-endpoints';
      readonly namespace: string;
      readonly name: string;
      readonly uid: string;
      readonly resourceVersion: string;
    };

/** The whole of what the loop decides about the object. */
export interface WantedEndpoints {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly labels: Record<string, string> };
  readonly subsets: NonNullable<Endpoints['subsets']>;
}
