/**
 * A container's environment: `$(VAR)` expansion, and the variables by which a pod finds the Services that existed when it
 * started. The kubelet loop asks once per container start. https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
import type { Container, EnvVar, Pod } from './pod.ts';
import type { Service } from './service.ts';

export interface ContainerEnvironment {
  /** In order: the container's own, then the Services'. Values are final. */
  readonly env: readonly { readonly name: string; readonly value: string }[];
  /** `command` and `args` with `$(VAR)` filled in; absent where the container declares none. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

/** Everything of a container that `$(VAR)` touches, given all Services (any namespace: it picks the right ones). */
export function containerEnvironment(
  pod: Pod,
  container: Container,
  services: Iterable<Service>,
): ContainerEnvironment {
  const fromServices = serviceEnvironment(services, pod.metadata.namespace ?? '', pod.spec.enableServiceLinks);
  const known = new Map<string, string>(fromServices.map(({ name, value }) => [name, value]));
  const own: { name: string; value: string }[] = [];
  for (const { name, value = '' } of container.env ?? []) {
    // A variable sees those declared before it, and the Services' until it shadows them.
    const expanded = expandVariables(value, known);
    known.set(name, expanded);
    own.push({ name, value: expanded });
  }
  const declared = new Set(own.map(({ name }) => name));
  const env = [...own, ...fromServices.filter(({ name }) => !declared.has(name))];
  return {
    env,
    ...(container.command && { command: container.command.map((word) => expandVariables(word, known)) }),
    ...(container.args && { args: container.args.map((word) => expandVariables(word, known)) }),
  };
}

/**
 * Fills in `$(NAME)`; `$$` is one `$`; a name that is not known stays as written, as does anything else after `$`.
 * Kubernetes' third_party/forked/golang/expansion.
 */
export function expandVariables(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (written, name: string | undefined) =>
    name === undefined ? '$' : (values.get(name) ?? written),
  );
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
): Required<EnvVar>[] {
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
function hostAndPorts({ metadata, spec }: Service): Required<EnvVar>[] {
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
function dockerLinks({ metadata, spec }: Service): Required<EnvVar>[] {
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
