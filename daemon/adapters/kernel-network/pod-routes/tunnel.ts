/**
 * The tunnel between nodes that only reach each other over routers: a kernel VXLAN interface that learns nothing and asks nobody. Each
 * other node has a route, a neighbour (its end of the tunnel) and a forwarding entry (its address). The kernel's pod routes call it.
 */
import type { PodTransport } from '../../../../reconcilers/ports/pod-routes.ts';
import { ip, listJson } from './ip-command.ts';
import { DEVICE, tunnelEndOf } from './marks.ts';

/** The kernel's defaults are older than the standard; flannel's VXLAN has the same, and is never beside it. */
const VNI = 1;
const PORT = 8472;
/** Of an IPv4 packet within an Ethernet frame within VXLAN, UDP and IPv4. */
export const TUNNEL_OVERHEAD = 50;

interface Device {
  readonly mtu: number;
  readonly address: string;
  readonly flags: readonly string[];
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: { readonly id?: number; readonly local?: string; readonly port?: number };
  };
}

/** Whether it is there as it should be, below an interface of that MTU. */
export async function isTunnelRight(transport: PodTransport, mtu: number): Promise<boolean> {
  const device = await readDevice();
  return device?.flags.includes('UP') === true && fits(device, transport, mtu);
}

/** Makes it anew where it is another; routes through it are gone then. */
export async function ensureTunnel(transport: PodTransport, mtu: number): Promise<void> {
  const device = await readDevice();
  if (device !== undefined && !fits(device, transport, mtu)) await removeTunnel();
  const { nodeIP, podCidr } = transport;
  const kind = ['type', 'vxlan', 'id', `${VNI}`, 'dstport', `${PORT}`, 'local', nodeIP, 'nolearning'];
  const settings = ['address', tunnelEndOf(podCidr).mac, 'mtu', `${mtu - TUNNEL_OVERHEAD}`];
  await ip(['link', 'add', DEVICE, ...settings, ...kind], /File exists/);
  await ip(['link', 'set', DEVICE, 'up']);
}

/** What leads through it goes with it. */
export async function removeTunnel(): Promise<void> {
  await ip(['link', 'del', DEVICE], /Cannot find device/);
}

async function readDevice(): Promise<Device | undefined> {
  const [device] = await listJson<Device>('ip', '-d', 'link', 'show', DEVICE);
  return device;
}

function fits(device: Device, { nodeIP, podCidr }: PodTransport, mtu: number): boolean {
  const { info_kind: kind, info_data: data } = device.linkinfo ?? {};
  const isOne = kind === 'vxlan' && data?.id === VNI && data.port === PORT && data.local === nodeIP;
  return isOne && device.address === tunnelEndOf(podCidr).mac && device.mtu === mtu - TUNNEL_OVERHEAD;
}
