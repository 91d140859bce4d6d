/**
 * Validation of Services and Endpoints. Called by validation.ts; whether an address or node port is still free is not its
 * business but that of whoever allocates them. Source: pkg/apis/core/validation/validation.go (ValidateService, validateEndpointSubsets).
 */
import { isIPv4 } from 'node:net';
import { duplicate, type FieldError, forbidden, invalid, required } from './field-error.ts';
import { child, element } from './field-path.ts';
import { type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { dnsLabel, dnsSubdomain, ipAddress, portName } from './name-formats.ts';
import { validateLabels } from './validation-metadata.ts';
import { matchesFormat, oneOf, PROTOCOLS, validPort } from './validation-pod.ts';

export function validateServiceSpec(service: JsonObject): FieldError[] {
  const spec = objectAt(service, 'spec') ?? {};
  const ports = objectsAt(spec, 'ports');
  const headless = spec.clusterIP === 'None';
  return [
    ...(ports.length === 0 && !headless ? [required('spec.ports')] : []),
    ...validateServicePorts(ports, spec.type === 'NodePort'),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...oneOf(spec.type, ['ClusterIP', 'NodePort'], 'spec.type'),
    ...oneOf(spec.sessionAffinity, ['None'], 'spec.sessionAffinity'),
    ...validateClusterIP(spec),
  ];
}

/** An address that was given stays: clients hold on to it. */
export function validateServiceUpdate(next: JsonObject, previous: JsonObject): FieldError[] {
  const [after, before] = [objectAt(next, 'spec') ?? {}, objectAt(previous, 'spec') ?? {}];
  const { clusterIP = '' } = before;
  if (clusterIP === '' || after.clusterIP === clusterIP) return [];
  return [invalid('spec.clusterIP', after.clusterIP, 'field is immutable')];
}

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
        ];
      }),
    ];
  });
}

function validateServicePorts(ports: readonly JsonObject[], nodePorts: boolean): FieldError[] {
  const names = new Set<unknown>();
  const taken = new Set<string>();
  const takenNodePorts = new Set<string>();
  return ports.flatMap((port, i) => {
    const path = element('spec.ports', i);
    const { name = '', protocol, port: number = 0, targetPort, nodePort = 0 } = port;
    const claim = `${textOf(protocol)}/${textOf(number)}`;
    const nodeClaim = `${textOf(protocol)}/${textOf(nodePort)}`;
    const errors = [
      ...validatePortName(port, path, ports.length > 1),
      ...(name !== '' && names.has(name) ? [duplicate(child(path, 'name'), name)] : []),
      ...validPort(number, child(path, 'port')),
      ...oneOf(protocol, PROTOCOLS, child(path, 'protocol')),
      ...(typeof targetPort === 'string'
        ? matchesFormat(targetPort, portName, child(path, 'targetPort'))
        : targetPort === undefined
          ? []
          : validPort(targetPort, child(path, 'targetPort'))),
      ...(taken.has(claim) ? [duplicate(path, { protocol: protocol ?? null, port: number })] : []),
    ];
    if (nodePort !== 0) {
      const at = child(path, 'nodePort');
      if (!nodePorts) errors.push(forbidden(at, "may not be used when `type` is 'ClusterIP'"));
      else errors.push(...validPort(nodePort, at));
      if (takenNodePorts.has(nodeClaim)) errors.push(duplicate(at, nodePort));
    }
    names.add(name);
    taken.add(claim);
    takenNodePorts.add(nodeClaim);
    return errors;
  });
}

function validatePortName(port: JsonObject, path: string, isRequired: boolean): FieldError[] {
  const at = child(path, 'name');
  if ((port.name ?? '') === '') return isRequired ? [required(at)] : [];
  return matchesFormat(port.name, dnsLabel, at);
}

function validateClusterIP(spec: JsonObject): FieldError[] {
  const { clusterIP = '', clusterIPs } = spec;
  const errors: FieldError[] = [];
  if (clusterIP === 'None' && spec.type === 'NodePort') {
    errors.push(invalid('spec.clusterIP', clusterIP, "may not be set to 'None' for NodePort services"));
  } else if (clusterIP !== '' && clusterIP !== 'None' && !isIPv4(textOf(clusterIP))) {
    errors.push(invalid('spec.clusterIP', clusterIP, "must be empty, 'None', or a valid IPv4 address"));
  }
  const list = Array.isArray(clusterIPs) ? clusterIPs : [];
  if (list.length > 1) errors.push(invalid('spec.clusterIPs', list, 'may only hold 1 value: Services have IPv4 alone'));
  if (list.length > 0 && list[0] !== clusterIP) {
    errors.push(invalid('spec.clusterIPs', list, 'first value must match `clusterIP`'));
  }
  return errors;
}

function validateEndpointAddress(address: JsonObject, path: string): FieldError[] {
  const { ip = '' } = address;
  const at = child(path, 'ip');
  const errors = ipAddress(textOf(ip)).map((text) => invalid(at, ip, text));
  if (errors.length === 0) errors.push(...ipRangeProblems(textOf(ip)).map((text) => invalid(at, ip, text)));
  return [
    ...errors,
    ...matchesFormat(address.hostname, dnsLabel, child(path, 'hostname')),
    ...matchesFormat(address.nodeName, dnsSubdomain, child(path, 'nodeName')),
  ];
}

/** Addresses that would lead traffic somewhere else than to a pod or host. */
function ipRangeProblems(ip: string): string[] {
  if (ip === '0.0.0.0' || ip === '::') return ['may not be unspecified (0.0.0.0 or ::)'];
  if (ip.startsWith('127.') || ip === '::1') return ['may not be in the loopback range (127.0.0.0/8, ::1/128)'];
  if (ip.startsWith('169.254.') || /^fe[89ab]/i.test(ip)) {
    return ['may not be in the link-local range (169.254.0.0/16, fe80::/10)'];
  }
  if (ip.startsWith('224.0.0.') || /^ff02:/i.test(ip)) {
    return ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'];
  }
  return [];
}
