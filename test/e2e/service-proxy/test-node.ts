/**
 * A node for the service-proxy tests: a machine on a wire, with pods (network namespaces of their own) on a bridge as Docker would
 * make it, and an agent in each. No Docker engine takes part.
 */
import type { Netns } from '../harness/netns.ts';
import type { TestBed } from '../harness/test-bed.ts';
import { type Agent, startAgent } from './agent-client.ts';

export const BRIDGE = 'sampan0';
export const NETWORK = { serviceCidr: '10.96.0.0/16', podCidr: '10.244.0.0/24', clusterCidr: '10.244.0.0/16' };
export const NODE_PORTS = { first: 30000, last: 32767 };
export const POD_PORT = 8000;

export interface TestPod {
  readonly name: string;
  readonly ip: string;
  readonly netns: Netns;
  readonly agent: Agent;
}

export interface TestNode {
  readonly netns: Netns;
  /** On the wire. */
  readonly address: string;
  /** Keeps the filter and dials as the host does. */
  readonly agent: Agent;
  readonly pods: readonly TestPod[];
  /** A machine on the wire that is no node. */
  readonly outside: Agent;
  readonly outsideNetns: Netns;
}

/** `pods` of them serve at {@link POD_PORT}. */
export async function createTestNode(bed: TestBed, podCount: number): Promise<TestNode> {
  const lan = await bed.lan();
  const netns = await bed.netns();
  const address = await lan.join(netns);
  await createBridge(netns);
  const pods: TestPod[] = [];
  for (let index = 0; index < podCount; index += 1) pods.push(await addPod(bed, netns, index));
  return {
    netns,
    address,
    pods,
    agent: await startAgent(netns),
    outside: await startAgent(lan.outside),
    outsideNetns: lan.outside,
  };
}

async function createBridge(netns: Netns): Promise<void> {
  await netns.run('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
  await netns.run('ip', ['address', 'add', '10.244.0.1/24', 'dev', BRIDGE]);
  await netns.run('ip', ['link', 'set', BRIDGE, 'up']);
}

export async function addPod(bed: TestBed, node: Netns, index: number): Promise<TestPod> {
  const name = `pod${index}`;
  const ip = `10.244.0.${10 + index}`;
  const netns = await bed.netns();
  await node.run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns.name]);
  await node.run('ip', ['link', 'set', name, 'master', BRIDGE, 'up']);
  // As Docker does it: without hairpin mode a pod cannot reach itself through the bridge's port.
  await netns.run('ip', ['address', 'add', `${ip}/24`, 'dev', 'eth0']);
  await netns.run('ip', ['link', 'set', 'eth0', 'up']);
  await netns.run('ip', ['route', 'add', 'default', 'via', '10.244.0.1']);
  const agent = await startAgent(netns);
  await agent.call('serve', name, POD_PORT);
  return { name, ip, netns, agent };
}
