/**
 * Lets packets between pods of different nodes pass as they are: no masquerading, which Docker does with all that leaves a bridge of its,
 * and no drop, which it does with all that comes to one. A table of nftables and a rule in DOCKER-USER; the kernel's pod routes call it.
 *
 * The translation to the address that is there already makes the kernel ask no later chain, Docker's among them. It comes after that of
 * the Services' table (90), which masquerades where replies would go astray. The rule's comment says for which transport it was made.
 */
import { POD_NETWORK_MODES, type PodTransport } from '../../../../reconcilers/ports/pod-routes.ts';
import { runCommand } from '../command.ts';
import { DockerUserChain } from '../docker-user-chain.ts';
import { failure } from './ip-command.ts';
import { TABLE } from './marks.ts';

const CHAIN = new DockerUserChain('sampan: pod traffic');

export async function ensurePassage(transport: PodTransport): Promise<void> {
  await CHAIN.ensure(acceptedFor(transport));
  await replaceTable(tableFor(transport));
}

/** For which transport it is there; undefined where it is not, or not whole. */
export async function readPassage(): Promise<PodTransport | undefined> {
  const { stdout } = await runCommand('nft', ['list', 'table', ...TABLE.split(' ')]);
  const transport = parseTransport(/ snat to ip saddr comment "([^"]*)"/.exec(stdout)?.[1] ?? '');
  return transport !== undefined && (await CHAIN.holds(acceptedFor(transport))) ? transport : undefined;
}

export async function removePassage(): Promise<void> {
  const { code, stderr } = await runCommand('nft', ['delete', 'table', ...TABLE.split(' ')]);
  if (code !== 0 && !/No such file|not installed/.test(stderr)) throw failure('nft', stderr);
  await CHAIN.clean();
}

/** Whether a line of `nft monitor` tells of a change to what is ours. */
export function concernsPassage(line: string): boolean {
  return CONCERNS.test(line);
}

const CONCERNS = new RegExp(`^\\w+ (?:\\w+ ${TABLE}( |$)|(?:rule|chain) ip filter DOCKER-USER\\b|table ip filter$)`);

function tableFor(transport: PodTransport): string {
  const { mode, nodeIP, podCidr, clusterCidr } = transport;
  return `table ${TABLE} {
  chain postrouting {
    type nat hook postrouting priority 95; policy accept;
    ip saddr ${clusterCidr} ip daddr ${clusterCidr} snat to ip saddr comment "${[mode, nodeIP, podCidr, clusterCidr].join(' ')}"
  }
}
`;
}

function parseTransport(comment: string): PodTransport | undefined {
  const [word, nodeIP, podCidr, clusterCidr] = comment.split(' ');
  const mode = POD_NETWORK_MODES.find((each) => each === word);
  if (mode === undefined || mode === 'none' || !nodeIP || !podCidr || !clusterCidr) return undefined;
  return { mode, nodeIP, podCidr, clusterCidr };
}

/** Other nodes are seen at an address of their pods too. */
function acceptedFor({ podCidr, clusterCidr }: PodTransport): string[] {
  return [`-s ${clusterCidr} -d ${podCidr}`];
}

async function replaceTable(table: string): Promise<void> {
  const { code, stderr } = await runCommand('nft', ['-f', '-'], `add table ${TABLE}\ndelete table ${TABLE}\n${table}`);
  if (code !== 0) throw failure('nft', stderr);
}
