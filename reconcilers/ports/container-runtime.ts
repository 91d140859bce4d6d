/**
 * The container runtime: the few things the kubelet and the node loop ask of Docker. Implemented by the Docker adapter and by a
 * fake; one contract suite holds both. Everything is safe to repeat: what is already so is success, not an error.
 *
 * Errors: RuntimeUnavailable, ContainerMissing, ContainerNameTaken, ContainerStartFailed, ContainerRefused, ImageMissing,
 * ImageInUse, ImagePullFailed, NetworkConflict, PortUnreachable, ExecLeftBehind.
 */
import type { Duplex } from 'node:stream';

export interface ContainerRecord {
  readonly id: string;
  /** Without Docker's leading slash. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The reference it was created from, and the image's id (`sha256:...`). */
  readonly image: string;
  readonly imageId: string;
  readonly state: 'created' | 'running' | 'exited';
  /** Milliseconds since the epoch; startedAt and finishedAt absent where it never did. No end is before its start. */
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly exitCode?: number;
  readonly oomKilled: boolean;
  /** What Docker said when the start failed. */
  readonly error?: string;
  /** The address on the pod network, while it runs there. */
  readonly ip?: string;
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent: the image's ENTRYPOINT / CMD. */
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly workingDir?: string;
  readonly hostname?: string;
  readonly network: NetworkMode;
  readonly portBindings?: readonly PortBinding[];
  readonly mounts?: readonly BindMount[];
  readonly resources?: ContainerResources;
  readonly tty?: boolean;
  readonly stdin?: boolean;
  /** Its stdin ends when the first who attached to it leaves. */
  readonly stdinOnce?: boolean;
  /** Whom its processes are: `1000`, or `1000:3000` with the group. Absent: as the image says. */
  readonly user?: string;
  /** Further groups of theirs. */
  readonly groups?: readonly number[];
  /** Sees the processes of the container with this id, which must run by then. */
  readonly pidOf?: string;
  /** Sees all processes of the machine; `pidOf` goes before it. */
  readonly hostProcesses?: boolean;
  /** Whose shared memory and message queues it has; its own alone where this is absent. */
  readonly ipc?: IpcMode;
  /** Kernel parameters of its own network and IPC, by dotted name. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Beside, or less than, what the engine gives by itself: `NET_ADMIN`. */
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly security?: ContainerSecurity;
  /** 0 to -1000: the less, the later the kernel kills it. */
  readonly oomScoreAdj?: number;
}

export type NetworkMode =
  | { readonly kind: 'network'; readonly name: string }
  | { readonly kind: 'container'; readonly id: string }
  | { readonly kind: 'host' };

export type IpcMode =
  /** Its own, which others may join. */
  | 'shareable'
  | 'host'
  /** That of the container with this id, which is shareable and runs by then. */
  | { readonly of: string };

/** What its processes may do beside what the engine gives by itself, and less. */
export interface ContainerSecurity {
  /** All that root on the machine may. */
  readonly privileged?: boolean;
  /** No program gains more than who started it has. */
  readonly noNewPrivileges?: boolean;
  readonly readOnlyRoot?: boolean;
  /** All of /proc and /sys, also what is hidden or read-only otherwise. */
  readonly unmaskedProc?: boolean;
  /** Absent: the engine's own profile. A file is a path on the node. */
  readonly seccomp?: 'unconfined' | { readonly file: string };
  /** The name of a profile that the kernel has loaded, or `unconfined`; absent: the engine's own. */
  readonly appArmor?: string;
}

export interface PortBinding {
  readonly containerPort: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly hostPort: number;
  readonly hostIP?: string;
}

export interface BindMount {
  /** An absolute path on the node that exists. */
  readonly source: string;
  /** An absolute path in the container. */
  readonly target: string;
  readonly readOnly: boolean;
  /** `rslave`: it sees what the node mounts below the source later; `rshared`: and the node what it mounts. Absent: neither. */
  readonly propagation?: 'rslave' | 'rshared';
}

export interface ContainerResources {
  /** Relative weight; Kubernetes' 1024 per core requested, at least 2. */
  readonly cpuShares?: number;
  /** CPU time in µs per 100,000 µs. */
  readonly cpuQuota?: number;
  readonly memoryBytes?: number;
}

/** What a container, or a machine, has used up to a moment, as the kernel counts it. */
export interface ResourceUsage {
  /** When it was read, on the engine's clock, in milliseconds since the epoch. */
  readonly at: number;
  /** CPU time of all its processes since it started, in nanoseconds. */
  readonly cpuNanos: number;
  /** The working set: memory in use that cannot be taken back at once, in bytes. */
  readonly memoryBytes: number;
}

export interface RuntimeEvent {
  /**
   * `listening` comes first, once: from here on nothing is missed, so a list made now and the events after it are the whole
   * picture. What happened around that moment may be told as well, at most once.
   */
  readonly type: 'listening' | 'created' | 'started' | 'died' | 'removed' | 'image';
  /** The container's (or image's) id; empty with `listening`. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly at: number;
}

export interface ImageRecord {
  readonly id: string;
  readonly names: readonly string[];
  readonly sizeBytes: number;
  /** Whom containers of it run as, as it says: `1000`, `app:app`; absent: root. Not told by `images`. */
  readonly user?: string;
}

/** An image that was just pulled. */
export interface PulledImage extends ImageRecord {
  /** The engine did not have it before, under any name. */
  readonly isNew: boolean;
}

/** For one registry. Given to the engine with a pull, and told to nobody else. */
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** Of the file system that holds the engine's images and containers. */
export interface DiskUsage {
  readonly capacityBytes: number;
  /** Free, for whoever is not root. */
  readonly availableBytes: number;
}

/** Summed over the layers known so far, in bytes; `total` grows while Docker learns of more. */
export interface PullProgress {
  readonly current: number;
  readonly total: number;
  readonly status: string;
}

export interface RuntimeInfo {
  readonly id: string;
  /** Of the Docker engine: `20.10.24`. */
  readonly version: string;
  readonly hostname: string;
  readonly operatingSystem: string;
  readonly kernelVersion: string;
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly rootDir: string;
}

export interface PodNetwork {
  readonly name: string;
  /** The bridge's interface name, at most 15 characters. */
  readonly bridge: string;
  /** `10.244.0.0/24`; the first address is the bridge's own. */
  readonly subnet: string;
  readonly mtu?: number;
}

export interface LogOptions {
  readonly follow: boolean;
  readonly tail?: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly timestamps: boolean;
}

export interface LogChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

/** Which of a process's streams are wanted. With a terminal there is no stderr of its own. */
export interface StreamChoice {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

export interface ExecSpec extends StreamChoice {
  readonly command: readonly string[];
  readonly tty: boolean;
}

/** In characters. */
export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** Somebody at a process's streams. Its maker closes it, whatever happened. */
export interface ContainerSession {
  /**
   * What the process writes, in order, no faster than it is read; ends when the process's own side is closed. For one reader. Throws
   * RuntimeUnavailable where it breaks off.
   */
  readonly output: AsyncIterable<LogChunk>;
  /** To its stdin. Resolves when there is room for more; what a process that ended no longer reads is dropped. */
  write(data: Uint8Array): Promise<void>;
  /** Its stdin is at its end, but for a container's own process that wants it more than once; what it writes still comes. */
  closeStdin(): void;
  /** Of its terminal; where it has none, or has ended, nothing happens. */
  resize(size: TerminalSize): Promise<void>;
  /** Leaves. */
  close(): Promise<void>;
}

export interface ExecSession extends ContainerSession {
  /** Resolves when the process has ended, which may be later than its output does. */
  exitCode(): Promise<number>;
  /**
   * Leaves, and ends the process and those it started where they still run. ExecLeftBehind where that could not be done: the engine
   * itself cannot end an exec, so it takes one on this machine.
   */
  close(): Promise<void>;
}

export interface ContainerRuntime {
  readonly endpoint: string;
  info(): Promise<RuntimeInfo>;
  /** A bridge network with what it is made of, such as the engine's own default one, `bridge`; undefined where there is none. */
  network(name: string): Promise<PodNetwork | undefined>;
  /** Makes the network where it is missing; NetworkConflict where one of the name differs or the subnet is taken. */
  ensureNetwork(network: PodNetwork): Promise<void>;
  removeNetwork(name: string): Promise<void>;
  /** All containers, running or not, that carry all of `labels` (a value of '' asks for the label only). */
  list(labels: Readonly<Record<string, string>>): Promise<ContainerRecord[]>;
  inspect(id: string): Promise<ContainerRecord | undefined>;
  /** The container's id. ContainerNameTaken: `details.holder` is the id that has the name. */
  create(spec: ContainerSpec): Promise<string>;
  /** Answers the record as it is after the start. */
  start(id: string): Promise<ContainerRecord>;
  /** SIGTERM, `graceSeconds` later SIGKILL; resolves when it is down. Missing or already down is success. */
  stop(id: string, graceSeconds: number): Promise<void>;
  /** Removes it, killing it first where it runs. Missing is success. */
  remove(id: string): Promise<void>;
  /** By id, of those that run. Reads once: what is used at a time follows from two looks. */
  usage(ids: readonly string[]): Promise<ReadonlyMap<string, ResourceUsage>>;
  logs(id: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogChunk>;
  /** Starts a process in a running container. A command that cannot be run is an exec that ends with 126 or 127 and says why. */
  exec(id: string, spec: ExecSpec): Promise<ExecSession>;
  /** Joins the streams of a running container's own process, from now on. */
  attach(id: string, choice: StreamChoice): Promise<ContainerSession>;
  /**
   * A TCP connection to a port inside the network of a running container, which owns that network (no container joined to another's
   * network); also where the program listens on the loopback interface only. PortUnreachable where nobody answers. Half-open: each
   * direction ends by itself.
   */
  connect(id: string, port: number, signal: AbortSignal): Promise<Duplex>;
  /**
   * What happens to containers with `label` (`key` or `key=value`) and to all images, until `signal` aborts. Throws
   * RuntimeUnavailable when the stream breaks.
   */
  events(label: string, signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  image(reference: string): Promise<ImageRecord | undefined>;
  images(): Promise<ImageRecord[]>;
  /** Concurrent pulls of one reference with the same credentials are one. */
  pull(
    reference: string,
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
    credentials?: RegistryCredentials,
  ): Promise<PulledImage>;
  /** Ids of the images that a container has, anybody's, running or not, or that another image was made from. */
  imagesInUse(): Promise<ReadonlySet<string>>;
  /**
   * Takes `names` from the image, and with the last of its names the image itself; without any, the image that has none. Missing is
   * success. ImageInUse where it is one of {@link imagesInUse}.
   */
  removeImage(id: string, names: readonly string[]): Promise<void>;
  /** Undefined where it cannot be seen from here: the engine is on another machine. */
  diskUsage(): Promise<DiskUsage | undefined>;
}
