/**
 * Rules that let traffic of ours pass Docker's firewall. Docker drops what is forwarded to a container unless it published the port
 * itself; no table of ours can overrule a drop, so the permission stands in DOCKER-USER, the chain Docker reads first and keeps for the
 * machine's owner (https://docs.docker.com/network/packet-filtering-firewalls/). Who keeps rules there touches none but those that bear
 * its comment.
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { isNotInstalled, runCommand } from './command.ts';

const CHAIN = 'DOCKER-USER';
const LEGACY_CHECK_MS = 30_000;

/** `matches` everywhere: what is accepted, as `iptables -S` prints it. */
export class DockerUserChain {
  readonly #comment: string;

  constructor(comment: string) {
    this.#comment = comment;
  }

  /** Whether exactly these rules are there; true where Docker has no such chain (it manages no firewall, or is not there yet). */
  async holds(matches: readonly string[]): Promise<boolean> {
    const rules = await this.#read();
    return rules === undefined || sameRules(rules, this.#rulesFor(matches));
  }

  async ensure(matches: readonly string[]): Promise<void> {
    const rules = await this.#read();
    const wanted = this.#rulesFor(matches);
    if (rules === undefined || sameRules(rules, wanted)) return;
    await change([
      ...wanted.filter((rule) => !rules.includes(rule)).map((rule) => rule.replace('-A', '-I')),
      ...rules.filter((rule) => !wanted.includes(rule)).map((rule) => rule.replace('-A', '-D')),
    ]);
  }

  async clean(): Promise<void> {
    await change(((await this.#read()) ?? []).map((rule) => rule.replace('-A', '-D')));
  }

  #rulesFor(matches: readonly string[]): string[] {
    return matches.map((match) => `-A ${CHAIN} ${match} -m comment --comment "${this.#comment}" -j ACCEPT`);
  }

  async #read(): Promise<string[] | undefined> {
    const result = await runCommand('iptables', ['-w', '-S', CHAIN]);
    if (isNotInstalled(result) || /No chain|does not exist|incompatible/.test(result.stderr)) return undefined;
    if (result.code !== 0) throw failure(`iptables -S ${CHAIN}`, result.stderr);
    return result.stdout.split('\n').filter((line) => line.includes(`"${this.#comment}"`));
  }
}

/** `nft monitor` does not see what the old iptables does: there `doubt` is called from time to time, until `signal` aborts. */
export async function watchLegacyChain(doubt: () => void, signal: AbortSignal): Promise<void> {
  if (!(await runCommand('iptables', ['--version'])).stdout.includes('(legacy)') || signal.aborted) return;
  const timer = setInterval(doubt, LEGACY_CHECK_MS).unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
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
