/** Compares a Service's Endpoints with the pods behind it. Endpoints that people made are never touched. Pure. */
import type { Plan } from '../kit/reconciler.ts';
import { equalJson, type Json } from '../objects/json.ts';
import type { Endpoints, Service } from '../objects/service.ts';
import type { EndpointsAction, WantedEndpoints } from './actions.ts';
import type { ObservedEndpoints } from './observe.ts';
import { endpointSubsets } from './subsets.ts';

/** Says who keeps the object, as Kubernetes' own controller does (since 1.33): what carries it may be deleted. */
const LABEL_MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
const MANAGER = 'endpoint-controller';
/** Marks the Endpoints of headless Services, which no proxy serves. */
const LABEL_HEADLESS = 'service.kubernetes.io/headless';

export function plan(service: Service | undefined, observed: ObservedEndpoints): Plan<EndpointsAction> {
  const { endpoints } = observed;
  if (service === undefined) return planWithoutService(endpoints);
  if (Object.keys(service.spec.selector ?? {}).length === 0) {
    return { actions: [], because: 'the Service has no selector: its Endpoints are made by hand' };
  }

  const wanted = wantedEndpoints(service, observed);
  const because = describe(wanted);
  if (endpoints === undefined) {
    if (observed.namespaceTerminating) return { actions: [], because: 'the namespace is being deleted' };
    return { actions: [{ kind: 'create-endpoints', endpoints: wanted }], because };
  }
  if (isSame(endpoints, wanted)) return { actions: [], because };
  const { resourceVersion } = endpoints.metadata;
  return { actions: [{ kind: 'update-endpoints', endpoints: wanted, resourceVersion }], because };
}

function planWithoutService(endpoints: Endpoints | undefined): Plan<EndpointsAction> {
  if (
    endpoints?.metadata.labels?.[LABEL_MANAGED_BY] !== MANAGER ||
    endpoints.metadata.deletionTimestamp !== undefined
  ) {
    return { actions: [], because: 'there is no such Service' };
  }
  const { namespace = '', name, uid, resourceVersion } = endpoints.metadata;
  const action: EndpointsAction = { kind: 'delete-endpoints', namespace, name, uid, resourceVersion };
  return { actions: [action], because: 'the Service is gone' };
}

function wantedEndpoints(service: Service, observed: ObservedEndpoints): WantedEndpoints {
  const { namespace = '', name, labels } = service.metadata;
  const headless = service.spec.clusterIP === 'None';
  return {
    metadata: {
      namespace,
      name,
      labels: { ...labels, [LABEL_MANAGED_BY]: MANAGER, ...(headless && { [LABEL_HEADLESS]: '' }) },
    },
    subsets: endpointSubsets(service, observed.pods),
  };
}

function isSame(endpoints: Endpoints, wanted: WantedEndpoints): boolean {
  const sides = [endpoints, wanted].map(({ metadata, subsets }) => ({
    labels: metadata.labels,
    subsets: subsets ?? [],
  }));
  return equalJson(sides[0] as unknown as Json, sides[1] as unknown as Json);
}

function describe({ subsets }: WantedEndpoints): string {
  const count = (lists: readonly ('addresses' | 'notReadyAddresses')[]) =>
    new Set(subsets.flatMap((subset) => lists.flatMap((list) => subset[list] ?? [])).map(({ ip }) => ip)).size;
  return `${count(['addresses'])} of ${count(['addresses', 'notReadyAddresses'])} pods are ready`;
}
