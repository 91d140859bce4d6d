/** Validation of a Service's ports, and of what they have in common with those of Endpoints. Source: as validation-service.ts. */

import { isZero } from './defaulting.ts';
import { duplicate, type FieldError, forbidden, invalid, required } from './field-error.ts';
import { child, element } from './field-path.ts';
import { type Json, type JsonObject, objectsAt, textOf } from './json.ts';
import { dnsLabel, ipAddress, portName, qualifiedName } from './name-formats.ts';
import { matchesFormat, oneOf, PROTOCOLS, validPort } from './validation-pod.ts';

export function validateServicePorts(spec: JsonObject): FieldError[] {
  const ports = objectsAt(spec, 'ports');
  const nodePorts = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  const names = new Set<unknown>();
  const taken = new Set<string>();
  const takenNodePorts = new Set<string>();
  return ports.flatMap((port, i) => {
    const path = element('spec.ports', i);
    const { name = '', protocol, port: number = 0, targetPort, nodePort } = port;
    const claim = `${textOf(protocol)}/${textOf(number)}`;
    const errors = [
      ...validatePortName(port, path, ports.length > 1),
      ...(name !== '' && names.has(name) ? [duplicate(child(path, 'name'), name)] : []),
      ...validPort(number, child(path, 'port')),
      ...oneOf(protocol, PROTOCOLS, child(path, 'protocol')),
      ...(targetPort === undefined ? [] : validTargetPort(targetPort, child(path, 'targetPort'))),
      ...validateAppProtocol(port, path),
      ...(taken.has(claim) ? [duplicate(path, { protocol: protocol ?? null, port: number })] : []),
    ];
    if (nodePort !== undefined && !isZero(nodePort)) {
      const at = child(path, 'nodePort');
      const nodeClaim = `${textOf(protocol)}/${textOf(nodePort)}`;
      if (nodePorts) errors.push(...validPort(nodePort, at));
      else errors.push(forbidden(at, `may not be used when \`type\` is '${textOf(spec.type)}'`));
      if (takenNodePorts.has(nodeClaim)) errors.push(duplicate(at, nodePort));
      takenNodePorts.add(nodeClaim);
    }
    names.add(name);
    taken.add(claim);
    return errors;
  });
}

export function validatePortName(port: JsonObject, path: string, isRequired: boolean): FieldError[] {
  const at = child(path, 'name');
  if ((port.name ?? '') === '') return isRequired ? [required(at)] : [];
  return matchesFormat(port.name, dnsLabel, at);
}

export function validateAppProtocol({ appProtocol }: JsonObject, path: string): FieldError[] {
  return appProtocol === undefined ? [] : qualifiedText(appProtocol, child(path, 'appProtocol'));
}

/** Not the empty text either, unlike a label's format check elsewhere. */
export function qualifiedText(value: Json, path: string): FieldError[] {
  return qualifiedName(textOf(value)).map((text) => invalid(path, value, text));
}

function validTargetPort(value: Json, path: string): FieldError[] {
  return typeof value === 'string' ? matchesFormat(value, portName, path) : validPort(value, path);
}

/** An IP address that leads to a host, and not back to whoever uses it. */
export function reachableAddress(value: Json, path: string): FieldError[] {
  const ip = textOf(value);
  const errors = ipAddress(ip).map((text) => invalid(path, value, text));
  return errors.length > 0 ? errors : specialRanges(ip).map((text) => invalid(path, value, text));
}

function specialRanges(ip: string): string[] {
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
