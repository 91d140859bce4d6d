/** What the pod-routes loop can do. Planned by plan.ts, carried out by execute.ts. */
import type { PodTransport, RouteChanges } from '../ports/pod-routes.ts';

export type PodRoutesAction =
  | { readonly kind: 'prepare-transport'; readonly transport: PodTransport }
  | { readonly kind: 'change-routes'; readonly transport: PodTransport; readonly changes: RouteChanges }
  | { readonly kind: 'remove-routes' }
  /** Nothing is done about it here; people are told, again and again until it is mended. */
  | { readonly kind: 'report-conflicts'; readonly conflicts: readonly string[] };
