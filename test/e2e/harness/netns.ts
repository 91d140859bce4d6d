/**
 * Network namespaces that stand for machines: each has its own interfaces, routes, firewall and ports, so that tests can run
 * dockerd, nftables and the daemon without touching the host's. The test bed creates them; nothing here ever changes the
 * network of the host itself.
 */
import { type BackgroundProcess, startProcess } from './background-process.ts';
import { attempt, type RunOptions, type RunResult, run } from './run.ts';
import type { Scope } from './scope.ts';

export interface Netns {
  readonly name: string;
  readonly path: string;
  /** Runs a command inside to its end; like `run`. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<string>;
  /** The same, whatever its exit code; like `attempt`. */
  attempt(command: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Starts a program inside that goes on running; like `startProcess`. */
  start(command: string, args: readonly string[], logFile: string, env?: NodeJS.ProcessEnv): Promise<BackgroundProcess>;
  /** Sends a line from inside to a TCP port, closes its side and resolves to all that comes back. */
  exchange(address: string, port: number, line: string): Promise<string>;
}

/** A new namespace with its loopback up and nothing else. */
export async function createNetns(scope: Scope, name: string): Promise<Netns> {
  const fullName = scope.nameFor(name);
  const path = `/run/netns/${fullName}`;
  // Not `ip netns exec`: that mounts a /sys of its own, in which dockerd finds no cgroups.
  const enter = (command: string, args: readonly string[]): string[] => [`--net=${path}`, '--', command, ...args];
  const netns: Netns = {
    name: fullName,
    path,
    run: (command, args, options) => run('nsenter', enter(command, args), options),
    attempt: (command, args, options) => attempt('nsenter', enter(command, args), options),
    start: (command, args, logFile, env) => startProcess('nsenter', enter(command, args), logFile, env),
    exchange: (address, port, line) =>
      netns.run('busybox', ['nc', '-w', '5', address, String(port)], { input: `${line}\n`, timeoutMs: 8000 }),
  };
  await run('ip', ['netns', 'add', fullName]);
  await netns.run('ip', ['link', 'set', 'lo', 'up']);
  return netns;
}

/** A wire between machines: what is outside of every node, and what joins several nodes. */
export interface Lan {
  /** The machine outside: 192.0.2.1 on the (first) wire, the default gateway of all who join. */
  readonly outside: Netns;
  /** Plugs the namespace in as eth0 and gives its address there. */
  join(netns: Netns): Promise<string>;
  /** Where the machine with that address is plugged in: an interface of the machine outside, and the bridge that it belongs to. */
  portOf(address: string): { readonly port: string; readonly bridge: string };
}

/** Of a wire: its interface on the machine outside, and how its addresses begin (RFC 5737). */
const WIRES = [
  ['lan', '192.0.2'],
  ['lan2', '198.51.100'],
] as const;

/** A new wire with the machine outside on it. `other`: a second one, to which that machine is the router. */
export async function createLan(outside: Netns, other?: Lan): Promise<Lan> {
  const [wire, prefix] = WIRES[other === undefined ? 0 : 1];
  await outside.run('ip', ['link', 'add', wire, 'type', 'bridge']);
  await outside.run('ip', ['address', 'add', `${prefix}.1/24`, 'dev', wire]);
  await outside.run('ip', ['link', 'set', wire, 'up']);
  if (other !== undefined) await outside.run('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
  let members = 1;
  const portOf = (address: string) => ({ port: `${wire}-${address.split('.').at(-1)}`, bridge: wire });
  return {
    outside,
    portOf,
    async join(netns) {
      members += 1;
      const address = `${prefix}.${members}`;
      const { port } = portOf(address);
      const cable = ['link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns.name];
      await outside.run('ip', cable);
      await outside.run('ip', ['link', 'set', port, 'master', wire, 'up']);
      await netns.run('ip', ['address', 'add', `${address}/24`, 'dev', 'eth0']);
      await netns.run('ip', ['link', 'set', 'eth0', 'up']);
      await netns.run('ip', ['route', 'add', 'default', 'via', `${prefix}.1`]);
      return address;
    },
  };
}
