/**
 * The variables by which a pod finds the Services that existed when its container started. Pure.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
import type { Service } from './service.ts';

export interface Variable {
  readonly name: string;
  readonly value: string;
}

/**
 * The variables of every Service of the namespace that has an address, and of `default/kubernetes`; of the latter alone where
 * `enableServiceLinks` is false. Sorted by Service name, so that equal Services give equal lists. A Service of the pod's own
 * namespace hides `default/kubernetes` where it has the same name.
 */
export function serviceEnvironment(
  services: Iterable<Service>,
  namespace: string,
  enableServiceLinks = true,
): Variable[] {
  const chosen = new Map<string, Service>();
  for (const service of services) {
    const { name, namespace: home } = service.metadata;
    if (!hasAddress(service)) continue;
    const isMaster = home === 'default' && name === 'kubernetes';
    if (home === namespace && (enableServiceLinks || isMaster)) chosen.set(name, service);
    else if (isMaster && !chosen.has(name)) chosen.set(name, service);
  }
  return [...chosen.values()]
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .flatMap((service) => [...hostAndPorts(service), ...dockerLinks(service)]);
}

function hasAddress(service: Service): boolean {
  return service.spec.clusterIP !== '' && service.spec.clusterIP !== 'None' && service.spec.clusterIP !== undefined;
}

/** `UPPER_SERVICE_HOST`, `UPPER_SERVICE_PORT`, `UPPER_SERVICE_PORT_<NAME>`. */
function hostAndPorts({ metadata, spec }: Service): Variable[] {
  const prefix = variableName(metadata.name);
  const [first] = spec.ports;
  return [
    { name: `${prefix}_SERVICE_HOST`, value: spec.clusterIP },
    ...(first === undefined ? [] : [{ name: `${prefix}_SERVICE_PORT`, value: String(first.port) }]),
    ...spec.ports.flatMap((port) =>
      port.name ? [{ name: `${prefix}_SERVICE_PORT_${variableName(port.name)}`, value: String(port.port) }] : [],
    ),
  ];
}

/** The family that Docker's links had: `UPPER_PORT`, `UPPER_PORT_8010_TCP...`. */
function dockerLinks({ metadata, spec }: Service): Variable[] {
  const prefix = variableName(metadata.name);
  return spec.ports.flatMap((port, i) => {
    const protocol = port.protocol.toLowerCase();
    const url = `${protocol}://${spec.clusterIP}:${port.port}`;
    const perPort = `${prefix}_PORT_${port.port}_${port.protocol}`;
    return [
      ...(i === 0 ? [{ name: `${prefix}_PORT`, value: url }] : []),
      { name: perPort, value: url },
      { name: `${perPort}_PROTO`, value: protocol },
      { name: `${perPort}_PORT`, value: String(port.port) },
      { name: `${perPort}_ADDR`, value: spec.clusterIP },
    ];
  });
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
