/**
 * Which endpoint goes into which slice. What is in a slice stays there, so that one pod's news is a write of one slice; new ones go
 * where something is written anyway, and a slice that has become empty is used again before one is made. Pure.
 */
import { equalJson, type Json } from '../objects/json.ts';
import type { EndpointSlice, SliceEndpoint } from '../objects/kinds/endpoint-slice.ts';
import { portText } from '../objects/service-members.ts';
import type { SliceGroup } from './wanted.ts';

/** Kubernetes' default (--max-endpoints-per-slice). */
const MAX_ENDPOINTS = 100;

export interface Packing {
  readonly kept: readonly { readonly slice: EndpointSlice; readonly content: SliceGroup }[];
  readonly added: readonly SliceGroup[];
  /** What nothing is left for. */
  readonly spare: readonly EndpointSlice[];
}

export function packSlices(groups: readonly SliceGroup[], slices: readonly EndpointSlice[]): Packing {
  const spare = new Set(slices);
  const kept: { slice: EndpointSlice; content: SliceGroup }[] = [];
  const open: SliceGroup[] = [];
  for (const group of groups) {
    const waiting = new Map(group.endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
    const own = [...spare].filter((slice) => mayHold(slice, group)).map((slice) => settle(slice, waiting));
    const changedFirst = [...own.filter(({ isChanged }) => isChanged), ...own.filter(({ isChanged }) => !isChanged)];
    for (const { endpoints } of changedFirst) fill(endpoints, waiting);
    for (const { slice, endpoints } of own) {
      if (endpoints.length === 0) continue;
      spare.delete(slice);
      kept.push({ slice, content: { ...group, endpoints } });
    }
    while (waiting.size > 0) {
      const endpoints: SliceEndpoint[] = [];
      fill(endpoints, waiting);
      open.push({ ...group, endpoints });
    }
  }

  const added: SliceGroup[] = [];
  for (const content of open) {
    const slice = [...spare].find(({ addressType }) => addressType === content.addressType);
    if (slice === undefined) {
      added.push(content);
      continue;
    }
    spare.delete(slice);
    kept.push({ slice, content });
  }
  return { kept, added, spare: [...spare] };
}

/** What of the slice's endpoints is still wanted, as it is now; they wait no more. */
function settle(slice: EndpointSlice, waiting: Map<string, SliceEndpoint>) {
  const endpoints = slice.endpoints.flatMap((endpoint) => {
    const identity = identityOf(endpoint);
    const wanted = waiting.get(identity) ?? [];
    waiting.delete(identity);
    return wanted;
  });
  const isChanged = !equalJson(endpoints as unknown as Json, slice.endpoints as unknown as Json);
  return { slice, endpoints, isChanged };
}

function fill(endpoints: SliceEndpoint[], waiting: Map<string, SliceEndpoint>): void {
  for (const [identity, endpoint] of waiting) {
    if (endpoints.length >= MAX_ENDPOINTS) return;
    endpoints.push(endpoint);
    waiting.delete(identity);
  }
}

function mayHold(slice: EndpointSlice, group: SliceGroup): boolean {
  const textOf = ({ ports = [] }: Pick<EndpointSlice, 'ports'>) => ports.map(portText).join();
  return slice.addressType === group.addressType && textOf(slice) === textOf(group);
}

function identityOf({ targetRef, addresses }: SliceEndpoint): string {
  return `${targetRef?.uid ?? ''} ${addresses[0]}`;
}
