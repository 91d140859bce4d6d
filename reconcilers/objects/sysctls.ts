/**
 * Kernel parameters that a pod may ask for: how they are written, which namespace each belongs to, and which are safe, that is, change
 * nothing for other pods. Validation and the kubelet ask. Pure. Sources: component-helpers/node/util/sysctl, pkg/kubelet/sysctl.
 */
const SEGMENT = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const NAME = `^(${SEGMENT}[\\./])*${SEGMENT}$`;
const MAX_LENGTH = 253;

/** Those of every pod by itself; `tcp_keepalive_*` and the last two need Linux 4.5 to 4.15. */
const SAFE = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
];

const IPC_PARAMETERS = ['kernel.shmall', 'kernel.shmmax', 'kernel.shmmni', 'kernel.shm_rmid_forced'];
const IPC_PREFIXES = ['kernel.msg', 'kernel.sem', 'fs.mqueue.'];

/** What is wrong with the name; empty where nothing is. */
export function sysctlName(name: string): string[] {
  if (name.length <= MAX_LENGTH && new RegExp(NAME).test(name)) return [];
  return [`must have at most ${MAX_LENGTH} characters and match regex ${NAME}`];
}

/** `net/ipv4/conf/eth0.100/forwarding` as `net.ipv4.conf.eth0/100.forwarding`: the first separator says how it is written. */
export function dottedSysctl(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === '/' ? name.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/')) : name;
}

/** The namespace that has a value of its own; undefined where the whole machine shares one. */
export function sysctlNamespace(name: string): 'net' | 'ipc' | undefined {
  const dotted = dottedSysctl(name);
  if (dotted.startsWith('net.')) return 'net';
  const isIpc = IPC_PARAMETERS.includes(dotted) || IPC_PREFIXES.some((prefix) => dotted.startsWith(prefix));
  return isIpc ? 'ipc' : undefined;
}

export function isSafeSysctl(name: string): boolean {
  return SAFE.includes(dottedSysctl(name));
}
