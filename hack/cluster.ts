/** What `hack/cluster` does; that script installs what is needed and calls this. The machines are those of the end-to-end tests. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { eventually } from '../test/e2e/harness/eventually.ts';
import { type Machines, startMachines } from '../test/e2e/harness/machines.ts';
import { removeLeftovers } from '../test/e2e/harness/scope.ts';
import { openTestBed } from '../test/e2e/harness/test-bed.ts';

const STATE = '/run/sampan-cluster.json';

interface State {
  readonly pid: number;
  /** Network namespaces by the names of machines, with where their engines listen. */
  readonly machines: Readonly<Record<string, { readonly netns: string; readonly dockerHost?: string }>>;
  /** One for each master. */
  readonly kubeconfigs: readonly string[];
}

async function up(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      nodes: { type: 'string', default: '3' },
      masters: { type: 'string', default: '3' },
      'pod-network': { type: 'string', default: 'vxlan' },
    },
  });
  const [count, masters] = [Number(values.nodes), Number(values.masters)];
  if (!(Number.isInteger(count) && Number.isInteger(masters) && masters >= 1 && count >= masters)) {
    return fail(`expected --nodes and --masters with 1 <= masters <= nodes, got ${values.nodes} and ${values.masters}`);
  }
  if (running() !== undefined) return fail('a cluster runs already; hack/cluster down takes it away');
  const [given = join(dirname(import.meta.dirname), 'manifests')] = positionals;
  const source = existsSync(given) ? resolve(given) : given;

  await using bed = await openTestBed();
  say(`starting ${count} machines, ${masters} of them masters`);
  const masterArgs = [`--pod-network=${values['pod-network']}`];
  const machines = await startMachines(bed, { count, masters, source, masterArgs });
  const [first] = machines.masters;
  await eventually(() => first?.daemon.cli('get', 'nodes').then((text) => text.split(/ Ready /).length - 1 === count), {
    describe: `${count} nodes to be ready`,
    timeoutMs: 120_000,
    everyMs: 500,
  });
  writeFileSync(STATE, JSON.stringify(await stateOf(machines, await bed.dir())), { mode: 0o600 });
  try {
    process.stdout.write(`\n${await first?.daemon.cli('get', 'nodes', '-o', 'wide')}\nTry it, from another terminal:

  hack/cluster kubectl get pods -A -o wide
  hack/cluster exec node1 docker ps
  hack/cluster exec outside sh -c 'echo hello | busybox nc -w 3 ${first?.address} 30002'
  hack/cluster exec ${machines.all.at(-1)?.name} ip link set eth0 down     # cut one off

Ctrl-C takes everything away.\n`);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    say('taking everything away');
  } finally {
    rmSync(STATE, { force: true });
  }
  return 0;
}

async function stateOf({ lan, masters, all }: Machines, dir: string): Promise<State> {
  const kubeconfigs: string[] = [];
  for (const { name, address, daemon } of masters) {
    const path = join(dir, `${name}.kubeconfig`);
    writeFileSync(path, await daemon.cli('kubeconfig', '--server', `https://${address}:6443`), { mode: 0o600 });
    kubeconfigs.push(path);
  }
  const machines = Object.fromEntries(
    all.map(({ name, netns, dockerd }) => [name, { netns: netns.name, dockerHost: dockerd.host }]),
  );
  return { pid: process.pid, machines: { ...machines, outside: { netns: lan.outside.name } }, kubeconfigs };
}

function kubectl(args: string[]): number {
  const { machines, kubeconfigs } = demandRunning();
  const enter = (...command: string[]) => [`--net=/run/netns/${machines.outside?.netns}`, '--', 'kubectl', ...command];
  const answers = (kubeconfig: string) =>
    spawnSync('nsenter', enter('--kubeconfig', kubeconfig, '--request-timeout=2s', 'version')).status === 0;
  const chosen = kubeconfigs.find(answers) ?? kubeconfigs[0] ?? '';
  return spawnSync('nsenter', enter('--kubeconfig', chosen, ...args), { stdio: 'inherit' }).status ?? 1;
}

function execOn([name = '', ...command]: string[]): number {
  const { machines } = demandRunning();
  const machine = machines[name];
  if (machine === undefined) return fail(`expected one of ${Object.keys(machines).join(', ')}, got "${name}"`);
  const env = { ...process.env, ...(machine.dockerHost !== undefined && { DOCKER_HOST: machine.dockerHost }) };
  const entered = spawnSync('nsenter', [`--net=/run/netns/${machine.netns}`, '--', ...command], {
    stdio: 'inherit',
    env,
  });
  return entered.status ?? 1;
}

async function down(): Promise<number> {
  const state = running();
  if (state !== undefined) {
    process.kill(state.pid, 'SIGTERM');
    await eventually(() => running() === undefined && !existsSync(`/proc/${state.pid}`), {
      describe: 'the cluster to be taken away',
      timeoutMs: 60_000,
    });
  }
  await removeLeftovers();
  return 0;
}

function demandRunning(): State {
  const state = running();
  if (state !== undefined) return state;
  process.exit(fail('no cluster runs; hack/cluster up starts one'));
}

/** Undefined where what the file speaks of has ended. */
function running(): State | undefined {
  if (!existsSync(STATE)) return undefined;
  const state = JSON.parse(readFileSync(STATE, 'utf8')) as State;
  return existsSync(`/proc/${state.pid}`) ? state : undefined;
}

function say(text: string): void {
  process.stderr.write(`cluster: ${text}\n`);
}

function fail(text: string): number {
  say(text);
  return 1;
}

const commands: Record<string, (args: string[]) => number | Promise<number>> = { up, kubectl, exec: execOn, down };
const [command = '', ...args] = process.argv.slice(2);
process.exitCode = await (commands[command]?.(args) ?? fail(`unknown command ${command}`));
