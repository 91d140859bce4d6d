/**
 * What a probe or a hook does, with everything looked up that it needs: ports by their names, the pod's address. Pure; the plan makes
 * them, run-probe.ts and run-hook.ts carry them out.
 */
import type { Container } from '../../objects/pod.ts';
import type { HttpGetAction, LifecycleHandler, Probe } from '../../objects/probe.ts';
import type { HttpTarget, NetworkTarget } from '../../ports/prober.ts';
import { type PodContainer, SANDBOX } from '../identity.ts';
import type { PodObservation } from '../observation.ts';
import { isRunning } from '../pod-records.ts';

export type Handler =
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  | { readonly kind: 'http'; readonly target: Omit<HttpTarget, 'purpose'> }
  | { readonly kind: 'tcp'; readonly target: NetworkTarget }
  | { readonly kind: 'grpc'; readonly target: NetworkTarget; readonly service: string }
  | { readonly kind: 'sleep'; readonly seconds: number }
  /** It cannot be done, and why. */
  | { readonly kind: 'impossible'; readonly problem: string };

type Action = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & Pick<LifecycleHandler, 'sleep'>;

/** `address`: of the pod; undefined while it has none. */
export function handlerOf(action: Action, { ports }: Pick<Container, 'ports'>, address: string | undefined): Handler {
  const { exec, httpGet, tcpSocket, grpc, sleep } = action;
  if (exec !== undefined) return { kind: 'exec', command: exec.command };
  if (sleep !== undefined) return { kind: 'sleep', seconds: sleep.seconds };
  const { host = '', port = 0 } = { ...httpGet, ...tcpSocket, ...grpc };
  const number = portOf(port, ports);
  if (number === undefined) return { kind: 'impossible', problem: `the container has no port named "${port}"` };
  const to = host === '' ? address : host;
  if (to === undefined) return { kind: 'impossible', problem: 'the pod has no address' };
  const target = { host: to, port: number };
  if (tcpSocket !== undefined) return { kind: 'tcp', target };
  if (grpc !== undefined) return { kind: 'grpc', target, service: grpc.service };
  if (httpGet === undefined) return { kind: 'impossible', problem: 'it has no handler' };
  const { scheme, path, httpHeaders: headers = [] } = httpGet;
  return { kind: 'http', target: { ...target, scheme, path, headers } };
}

/** The hook without names of ports: as a container's label keeps it. */
export function withPortNumber(hook: LifecycleHandler, { ports }: Pick<Container, 'ports'>): LifecycleHandler {
  if (hook.httpGet === undefined) return hook;
  const httpGet: HttpGetAction = { ...hook.httpGet, port: portOf(hook.httpGet.port, ports) ?? hook.httpGet.port };
  return { httpGet };
}

/** Where the container is reached: its pod's address, which on the host's network is the node's. */
export function addressOf(container: PodContainer, { containers, node }: PodObservation): string | undefined {
  const sandbox = containers.find(
    (each) =>
      each.container === SANDBOX &&
      each.podUid === container.podUid &&
      each.sandboxAttempt === container.sandboxAttempt,
  );
  return isRunning(sandbox) ? (sandbox?.ip ?? node.ip) : undefined;
}

function portOf(port: number | string, ports: Container['ports'] = []): number | undefined {
  if (typeof port === 'number') return port;
  return ports.find(({ name }) => name === port)?.containerPort;
}
