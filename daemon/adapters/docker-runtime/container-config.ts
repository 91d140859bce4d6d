/** The body of Docker's "create a container" for a ContainerSpec. Pure; only the adapter's `create` calls it. */
import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode';
import type {
  BindMount,
  ContainerResources,
  ContainerSpec,
  NetworkMode,
  PortBinding,
} from '../../../reconcilers/ports/container-runtime.ts';

/** Kubernetes' CFS period, in µs. */
const CPU_PERIOD = 100_000;

/**
 * Docker's default is one log file without an end. The sizes are the kubelet's (containerLogMaxSize 10Mi, containerLogMaxFiles 5);
 * other log drivers know nothing of them and keep the engine's own options.
 */
const LOG_ROTATION = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } };

/** `logDriver`: the engine's default one. */
export function toCreateOptions(spec: ContainerSpec, logDriver: string): ContainerCreateOptions {
  const { portBindings: ports = [], mounts = [] } = spec;
  return {
    Image: spec.image,
    Labels: { ...spec.labels },
    ...(spec.entrypoint && { Entrypoint: [...spec.entrypoint] }),
    ...(spec.cmd && { Cmd: [...spec.cmd] }),
    ...(spec.env && { Env: spec.env.map(({ name, value }) => `${name}=${value}`) }),
    ...(spec.workingDir !== undefined && { WorkingDir: spec.workingDir }),
    ...(spec.hostname !== undefined && { Hostname: spec.hostname }),
    ...(spec.tty !== undefined && { Tty: spec.tty }),
    ...(spec.stdin !== undefined && { OpenStdin: spec.stdin }),
    ...(spec.stdinOnce !== undefined && { StdinOnce: spec.stdinOnce }),
    ...(ports.length > 0 && { ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])) }),
    HostConfig: {
      NetworkMode: networkMode(spec.network),
      RestartPolicy: { Name: 'no' },
      ...(spec.pidOf !== undefined && { PidMode: `container:${spec.pidOf}` }),
      ...(spec.capabilities?.add && { CapAdd: [...spec.capabilities.add] }),
      ...(spec.capabilities?.drop && { CapDrop: [...spec.capabilities.drop] }),
      ...(ports.length > 0 && { PortBindings: portBindings(ports) }),
      ...(mounts.length > 0 && { Mounts: mounts.map(toMount) }),
      ...(logDriver === LOG_ROTATION.Type && { LogConfig: LOG_ROTATION }),
      ...(spec.oomScoreAdj !== undefined && { OomScoreAdj: spec.oomScoreAdj }),
      ...resources(spec.resources ?? {}),
    },
  };
}

/** Not as `Binds`: for those Docker makes an empty folder where the source is missing. */
function toMount({ source, target, readOnly, propagation }: BindMount): MountSettings {
  return {
    Type: 'bind',
    Source: source,
    Target: target,
    ReadOnly: readOnly,
    ...(propagation && { BindOptions: { Propagation: propagation } }),
  };
}

function networkMode(network: NetworkMode): string {
  switch (network.kind) {
    case 'network':
      return network.name;
    case 'container':
      return `container:${network.id}`;
    case 'host':
      return 'host';
  }
}

function resources({ cpuShares, cpuQuota, memoryBytes }: ContainerResources): HostConfig {
  return {
    ...(cpuShares !== undefined && { CpuShares: cpuShares }),
    ...(cpuQuota !== undefined && { CpuPeriod: CPU_PERIOD, CpuQuota: cpuQuota }),
    // The same number for both: no swap, as with Kubernetes.
    ...(memoryBytes !== undefined && { Memory: memoryBytes, MemorySwap: memoryBytes }),
  };
}

function portKey({ containerPort, protocol }: PortBinding): string {
  return `${containerPort}/${protocol.toLowerCase()}`;
}

function portBindings(ports: readonly PortBinding[]): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    bindings[portKey(port)] ??= [];
    bindings[portKey(port)]?.push({ HostIp: port.hostIP ?? '', HostPort: String(port.hostPort) });
  }
  return bindings;
}
