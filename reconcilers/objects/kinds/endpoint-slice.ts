/** discovery.k8s.io/v1 EndpointSlice. Those of Services are kept by the endpoint-slice loop. */
import { setDefault } from '../defaulting.ts';
import { type FieldError, invalid, required, tooMany } from '../field-error.ts';
import { child, element } from '../field-path.ts';
import { type JsonObject, objectsAt } from '../json.ts';
import type { KubeObject } from '../meta.ts';
import { ipAddress } from '../name-formats.ts';
import type { Protocol } from '../pod.ts';
import { oneOf, PROTOCOLS, validPort } from '../validation-pod.ts';
import { AGE, NAME, NONE } from './common-columns.ts';
import { defineKind } from './entry.ts';
import { shownEndpoints } from './shown-endpoints.ts';

/** On a slice: the Service it belongs to, and who keeps it. */
export const LABEL_SERVICE_NAME = 'kubernetes.io/service-name';
export const LABEL_MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';

const MAX_ENDPOINTS = 1000;

export interface SliceEndpoint {
  addresses: string[];
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
  hostname?: string;
  nodeName?: string;
  zone?: string;
  /** For whom it is meant, where whoever keeps the slice says so. */
  hints?: { forZones?: { name: string }[]; forNodes?: { name: string }[] };
  targetRef?: { kind: string; namespace?: string; name: string; uid?: string };
}

export interface EndpointSlice extends KubeObject {
  apiVersion: 'discovery.k8s.io/v1';
  kind: 'EndpointSlice';
  addressType: 'IPv4' | 'IPv6' | 'FQDN';
  endpoints: SliceEndpoint[];
  ports?: { name?: string; port?: number; protocol?: Protocol }[];
}

export const endpointSliceKind = defineKind<EndpointSlice>({
  kind: 'EndpointSlice',
  apiVersion: 'discovery.k8s.io/v1',
  plural: 'endpointslices',
  declarable: true,
  setDefaults: (slice) => {
    for (const port of objectsAt(slice, 'ports')) {
      setDefault(port, 'protocol', 'TCP');
      if (port.name === undefined) port.name = '';
    }
    if (!Array.isArray(slice.endpoints)) slice.endpoints = [];
  },
  validate: validateSlice,
  validateUpdate: (next, previous) =>
    next.addressType === previous.addressType ? [] : [invalid('addressType', next.addressType, 'field is immutable')],
  columns: [
    NAME,
    { name: 'AddressType', cell: (slice) => slice.addressType },
    {
      name: 'Ports',
      cell: ({ ports }) => (ports?.length ? ports.map(({ port }) => port ?? '*').join(',') : '<unset>'),
    },
    {
      name: 'Endpoints',
      cell: ({ endpoints }) =>
        endpoints.length === 0 ? '<unset>' : shownEndpoints(endpoints.map(({ addresses }) => addresses[0] ?? NONE)),
    },
    AGE,
  ],
});

function validateSlice(slice: JsonObject): FieldError[] {
  const endpoints = objectsAt(slice, 'endpoints');
  return [
    ...(slice.addressType === undefined
      ? [required('addressType')]
      : oneOf(slice.addressType, ['IPv4', 'IPv6', 'FQDN'], 'addressType')),
    ...(endpoints.length > MAX_ENDPOINTS ? [tooMany('endpoints', endpoints.length, MAX_ENDPOINTS)] : []),
    ...endpoints.flatMap((endpoint, i) => validateEndpoint(endpoint, element('endpoints', i), slice.addressType)),
    ...objectsAt(slice, 'ports').flatMap((port, i) => [
      ...oneOf(port.protocol, PROTOCOLS, child(element('ports', i), 'protocol')),
      ...(port.port === undefined ? [] : validPort(port.port, child(element('ports', i), 'port'))),
    ]),
  ];
}

function validateEndpoint(endpoint: JsonObject, path: string, addressType: unknown): FieldError[] {
  const addresses = Array.isArray(endpoint.addresses) ? endpoint.addresses : [];
  const at = child(path, 'addresses');
  if (addresses.length === 0) return [required(at, 'must contain at least 1 address')];
  if (addressType === 'FQDN') return [];
  return addresses.flatMap((address, i) =>
    ipAddress(String(address)).map((text) => invalid(element(at, i), address, text)),
  );
}
