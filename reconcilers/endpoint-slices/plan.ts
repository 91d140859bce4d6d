/** Compares a Service's slices with what they should hold. Slices that others keep are never touched. Pure. */
import { claimedNames } from '../kit/claimed-names.ts';
import type { Plan } from '../kit/reconciler.ts';
import { equalJson, type Json } from '../objects/json.ts';
import { type EndpointSlice, LABEL_MANAGED_BY } from '../objects/kinds/endpoint-slice.ts';
import { keyOf } from '../objects/meta.ts';
import type { Service } from '../objects/service.ts';
import type { EndpointSliceAction, WantedSlice } from './actions.ts';
import type { ObservedSlices } from './observe.ts';
import { packSlices } from './packing.ts';
import { MANAGERS, type SliceGroup, slicesOfEndpoints, slicesOfPods, type WantedSlices } from './wanted.ts';

const EMPTY: SliceGroup = { addressType: 'IPv4', ports: [], endpoints: [] };

export function plan(service: Service | undefined, observed: ObservedSlices): Plan<EndpointSliceAction> {
  const slices = observed.slices.filter(isOurs);
  const wanted = service && wantedSlices(service, observed);
  if (service === undefined || wanted === undefined) {
    const because = service === undefined ? 'there is no such Service' : 'the Service has no endpoints to mirror';
    return { actions: slices.map(deletion), because };
  }

  const { kept, added, spare } = packed(wanted, slices);
  const complete = (name: string, { addressType, ports, endpoints }: SliceGroup): WantedSlice => ({
    metadata: {
      namespace: service.metadata.namespace ?? '',
      name,
      labels: wanted.labels,
      ownerReferences: [wanted.owner],
    },
    addressType,
    endpoints: [...endpoints],
    ports,
  });
  const { name, uid } = service.metadata;
  const names = claimedNames(name, uid, observed.takenNames, added.length);
  const creations = observed.namespaceTerminating
    ? []
    : added.map(
        (content, i): EndpointSliceAction => ({ kind: 'create-slice', slice: complete(names[i] as string, content) }),
      );
  const updates = kept.flatMap(({ slice, content }): EndpointSliceAction[] => {
    const next = complete(slice.metadata.name, content);
    if (isSame(slice, next)) return [];
    return [{ kind: 'update-slice', slice: next, resourceVersion: slice.metadata.resourceVersion }];
  });
  // An endpoint that moves is in its new slice before it leaves the old one.
  return { actions: [...creations, ...updates, ...spare.map(deletion)], because: describe(wanted) };
}

function wantedSlices(service: Service, { pods, endpoints }: ObservedSlices): WantedSlices | undefined {
  const hasSelector = Object.keys(service.spec.selector ?? {}).length > 0;
  return hasSelector ? slicesOfPods(service, pods) : slicesOfEndpoints(endpoints);
}

function packed(wanted: WantedSlices, slices: readonly EndpointSlice[]) {
  const packing = packSlices(wanted.groups, slices);
  if (wanted.groups.length > 0 || !wanted.keepsOneEmpty) return packing;
  const [first, ...rest] = packing.spare.filter(({ addressType }) => addressType === EMPTY.addressType);
  if (first === undefined) return { ...packing, added: [EMPTY] };
  const others = packing.spare.filter(({ addressType }) => addressType !== EMPTY.addressType);
  return { kept: [{ slice: first, content: EMPTY }], added: [], spare: [...rest, ...others] };
}

function isOurs({ metadata }: EndpointSlice): boolean {
  const manager = metadata.labels?.[LABEL_MANAGED_BY];
  return (manager === MANAGERS.pods || manager === MANAGERS.mirror) && metadata.deletionTimestamp === undefined;
}

function isSame(slice: EndpointSlice, wanted: WantedSlice): boolean {
  const sides = [slice, wanted].map(({ metadata, endpoints, ports }) => ({
    labels: metadata.labels,
    ownerReferences: metadata.ownerReferences,
    endpoints,
    ports: ports ?? [],
  }));
  return equalJson(sides[0] as unknown as Json, sides[1] as unknown as Json);
}

function deletion(slice: EndpointSlice): EndpointSliceAction {
  const { uid, resourceVersion } = slice.metadata;
  return { kind: 'delete-slice', ...keyOf(slice), uid, resourceVersion };
}

function describe({ groups }: WantedSlices): string {
  const endpoints = new Map(groups.flatMap((group) => group.endpoints.map((each) => [each.addresses[0], each])));
  const ready = [...endpoints.values()].filter(({ conditions }) => conditions?.ready === true);
  return `${ready.length} of ${endpoints.size} endpoints are ready`;
}
