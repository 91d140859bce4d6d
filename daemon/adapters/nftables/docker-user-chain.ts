/**
 * The rules that let translated connections pass Docker's firewall. Docker drops what is forwarded to a container unless it
 * published the port itself; no table of ours can overrule a drop, so the permission stands in DOCKER-USER, the chain Docker
 * reads first and keeps for the machine's owner (https://docs.docker.com/network/packet-filtering-firewalls/). The nftables
 * filter calls it; it touches no rule but those that bear its comment.
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { isNotInstalled, runCommand } from './command.ts';

const CHAIN = 'DOCKER-USER';
const COMMENT = 'sampan: service traffic';

export interface AcceptedTraffic {
  readonly serviceCidr: string;
  readonly nodePorts: { readonly first: number; readonly last: number };
  /** From outside of the cluster, that lead to Services. */
  readonly addresses: readonly string[];
}

/** As `iptables -S` prints them: both directions of a connection whose destination, before the translation, was a Service. */
function rulesFor({ serviceCidr, nodePorts, addresses }: AcceptedTraffic): string[] {
  const { first, last } = nodePorts;
  const ports = first === last ? `${first}` : `${first}:${last}`;
  const destinations = [serviceCidr, ...addresses].map((address) => `--ctorigdst ${address}`);
  return [...destinations, `--ctorigdstport ${ports}`].map(
    (match) => `-A ${CHAIN} -m conntrack --ctstate DNAT ${match} -m comment --comment "${COMMENT}" -j ACCEPT`,
  );
}

/** Whether exactly the wanted rules are there; true where Docker has no such chain (it manages no firewall, or is not there yet). */
export async function isDockerUserChainRight(traffic: AcceptedTraffic): Promise<boolean> {
  const rules = await readOwnRules();
  return rules === undefined || sameRules(rules, rulesFor(traffic));
}

export async function ensureDockerUserChain(traffic: AcceptedTraffic): Promise<void> {
  const rules = await readOwnRules();
  const wanted = rulesFor(traffic);
  if (rules === undefined || sameRules(rules, wanted)) return;
  await change([
    ...wanted.filter((rule) => !rules.includes(rule)).map((rule) => rule.replace('-A', '-I')),
    ...rules.filter((rule) => !wanted.includes(rule)).map((rule) => rule.replace('-A', '-D')),
  ]);
}

export async function cleanDockerUserChain(): Promise<void> {
  await change(((await readOwnRules()) ?? []).map((rule) => rule.replace('-A', '-D')));
}

/** Whether iptables is the old kind, whose changes `nft monitor` does not see. */
export async function isLegacyIptables(): Promise<boolean> {
  return (await runCommand('iptables', ['--version'])).stdout.includes('(legacy)');
}

async function readOwnRules(): Promise<string[] | undefined> {
  const result = await runCommand('iptables', ['-w', '-S', CHAIN]);
  if (isNotInstalled(result) || /No chain|does not exist|incompatible/.test(result.stderr)) return undefined;
  if (result.code !== 0) throw failure(`iptables -S ${CHAIN}`, result.stderr);
  return result.stdout.split('\n').filter((line) => line.includes(`"${COMMENT}"`));
}

/** All at once. */
async function change(rules: readonly string[]): Promise<void> {
  if (rules.length === 0) return;
  const script = ['*filter', ...rules, 'COMMIT', ''].join('\n');
  const result = await runCommand('iptables-restore', ['-w', '--noflush'], script);
  if (result.code !== 0) throw failure('iptables-restore', result.stderr);
}

function failure(command: string, stderr: string): SampanError {
  return new SampanError('PacketFilterFailed', { detail: `${command}: ${stderr.trim()}` });
}

function sameRules(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((rule) => b.includes(rule));
}
