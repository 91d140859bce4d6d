/** Validation of Endpoints. Called by the kind's page. Source: pkg/apis/core/validation/validation.go (validateEndpointSubsets). */
import { type FieldError, required } from './field-error.ts';
import { child, element } from './field-path.ts';
import { type JsonObject, objectsAt } from './json.ts';
import { dnsLabel, dnsSubdomain } from './name-formats.ts';
import { matchesFormat, oneOf, PROTOCOLS, validPort } from './validation-pod.ts';
import { reachableAddress, validateAppProtocol, validatePortName } from './validation-service-ports.ts';

export function validateEndpointSubsets(endpoints: JsonObject): FieldError[] {
  return objectsAt(endpoints, 'subsets').flatMap((subset, i) => {
    const path = element('subsets', i);
    const [ready, notReady] = [objectsAt(subset, 'addresses'), objectsAt(subset, 'notReadyAddresses')];
    const ports = objectsAt(subset, 'ports');
    return [
      ...(ready.length + notReady.length === 0
        ? [required(path, 'must specify `addresses` or `notReadyAddresses`')]
        : []),
      ...ready.flatMap((address, j) => validateEndpointAddress(address, element(child(path, 'addresses'), j))),
      ...notReady.flatMap((address, j) =>
        validateEndpointAddress(address, element(child(path, 'notReadyAddresses'), j)),
      ),
      ...ports.flatMap((port, j) => {
        const at = element(child(path, 'ports'), j);
        return [
          ...validatePortName(port, at, ports.length > 1),
          ...validPort(port.port ?? 0, child(at, 'port')),
          ...oneOf(port.protocol, PROTOCOLS, child(at, 'protocol')),
          ...validateAppProtocol(port, at),
        ];
      }),
    ];
  });
}

function validateEndpointAddress(address: JsonObject, path: string): FieldError[] {
  return [
    ...reachableAddress(address.ip ?? '', child(path, 'ip')),
    ...matchesFormat(address.hostname, dnsLabel, child(path, 'hostname')),
    ...matchesFormat(address.nodeName, dnsSubdomain, child(path, 'nodeName')),
  ];
}
