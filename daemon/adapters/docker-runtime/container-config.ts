/** The body of Docker's "create a container" for a ContainerSpec. Pure; only the adapter's `create` calls it. */
import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode';
import type {
  BindMount,
  ContainerResources,
  ContainerSecurity,
  ContainerSpec,
  IpcMode,
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

/** What the adapter knows and the spec does not. */
export interface CreateFacts {
  /** The engine's default one. */
  readonly logDriver: string;
  /** The content of the spec's seccomp file. */
  readonly seccompProfile?: string;
}

export function toCreateOptions(
  spec: ContainerSpec,
  { logDriver, seccompProfile }: CreateFacts,
): ContainerCreateOptions {
  const { portBindings: ports = [], mounts = [] } = spec;
  return {
    Image: spec.image,
    Labels: { ...spec.labels },
    ...(spec.entrypoint && { Entrypoint: [...spec.entrypoint] }),
    ...(spec.cmd && { Cmd: [...spec.cmd] }),
    ...(spec.env && { Env: spec.env.map(({ name, value }) => `${name}=${value}`) }),
    ...(spec.workingDir !== undefined && { WorkingDir: spec.workingDir }),
    ...(spec.hostname !== undefined && { Hostname: spec.hostname }),
    ...(spec.user !== undefined && { User: spec.user }),
    ...(spec.tty !== undefined && { Tty: spec.tty }),
    ...(spec.stdin !== undefined && { OpenStdin: spec.stdin }),
    ...(spec.stdinOnce !== undefined && { StdinOnce: spec.stdinOnce }),
    ...(ports.length > 0 && { ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])) }),
    HostConfig: {
      NetworkMode: networkMode(spec.network),
      RestartPolicy: { Name: 'no' },
      ...pidMode(spec),
      ...(spec.ipc !== undefined && { IpcMode: ipcMode(spec.ipc) }),
      ...(spec.groups && { GroupAdd: spec.groups.map(String) }),
      ...(spec.sysctls && { Sysctls: { ...spec.sysctls } }),
      ...securityOptions(spec.security ?? {}, seccompProfile),
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

function pidMode({ pidOf, hostProcesses = false }: ContainerSpec): HostConfig {
  if (pidOf !== undefined) return { PidMode: `container:${pidOf}` };
  return hostProcesses ? { PidMode: 'host' } : {};
}

function ipcMode(ipc: IpcMode): string {
  return typeof ipc === 'string' ? ipc : `container:${ipc.of}`;
}

function securityOptions(security: ContainerSecurity, seccompProfile: string | undefined): HostConfig {
  const { privileged, noNewPrivileges, readOnlyRoot, unmaskedProc, seccomp, appArmor } = security;
  const options = [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...(seccomp === 'unconfined' ? ['seccomp=unconfined'] : []),
    // The engine takes the profile itself, not where it lies.
    ...(seccompProfile === undefined ? [] : [`seccomp=${seccompProfile}`]),
    ...(appArmor === undefined ? [] : [`apparmor=${appArmor}`]),
  ];
  return {
    ...(options.length > 0 && { SecurityOpt: options }),
    ...(privileged && { Privileged: true }),
    ...(readOnlyRoot && { ReadonlyRootfs: true }),
    ...(unmaskedProc && { MaskedPaths: [], ReadonlyPaths: [] }),
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
