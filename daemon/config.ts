/**
 * What a person can set: the flags of every subcommand, their environment variables and the config file. The only reader of argv
 * and process.env; everything else gets plain values from here.
 */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { Ipv4Range } from '../reconcilers/kit/registry/ipv4-range.ts';
import type { OnInvalid } from '../reconcilers/objects/source.ts';
import { SampanError } from '../reconcilers/ports/errors.ts';
import { POD_NETWORK_MODES, type PodNetworkMode } from '../reconcilers/ports/pod-routes.ts';
import { type AgentConfig, type AgentFlags, agentConfig, agentOptions } from './agent-flags.ts';
import { type ApiConfig, type ApiFlags, apiConfig, apiOptions } from './api-flags.ts';
import type { StandbyConfig } from './dns/standby/answer-as-standby.ts';
import { type DnsConfig, type DnsFlags, dnsConfig, dnsOptions } from './dns-flags.ts';
import { duration, ON_INVALID, portRange, range, share, wholeNumber } from './flag-values.ts';
import {
  dataDirOption,
  dockerHostOption,
  type NodeConfig,
  type NodeFlags,
  nodeConfig,
  nodeOptions,
} from './node-flags.ts';
import { type TokenConfig, tokenCommand } from './token-flags.ts';

export interface EtcdConfig {
  readonly servers: readonly string[];
  /** Paths of PEM files. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface SourceConfig {
  /** A folder, or a git repo as `URL[#REF][:PATH]`. */
  readonly location: string;
  readonly onInvalid: OnInvalid;
  /** 0 to 1. */
  readonly pruneLimit: number;
  /** `30s`, or a cron expression. */
  readonly syncInterval: string;
}

/** What every node of a cluster must be told alike. */
export interface ClusterConfig {
  readonly serviceRange: Ipv4Range;
  /** Absent: pods are on Docker's default bridge where there is one. */
  readonly clusterCidr?: Ipv4Range;
  /** Absent: chosen by what the cluster is. */
  readonly podNetwork?: PodNetworkMode;
  readonly nodePorts: { readonly first: number; readonly last: number };
  readonly dns: DnsConfig;
}

export interface RunConfig extends NodeConfig, ClusterConfig {
  readonly sources: readonly SourceConfig[];
  /** Absent: the embedded SQLite store. */
  readonly etcd?: EtcdConfig;
  /** A leader that is not heard of for so long is replaced; among masters over one etcd. */
  readonly leaderLeaseMs: number;
  readonly nodeMonitorGraceMs: number;
  readonly podEvictionTimeoutMs: number;
  readonly api: ApiConfig;
}

export interface ClientConfig {
  readonly dataDir: string;
  readonly namespace: string;
  readonly allNamespaces: boolean;
}

export interface GetConfig extends ClientConfig {
  readonly resource: string;
  readonly name?: string;
  readonly output?: 'wide' | 'yaml' | 'json' | 'name';
  readonly watch: boolean;
  readonly selector?: string;
}

export interface LogsConfig extends ClientConfig {
  readonly pod: string;
  readonly container?: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly tail?: number;
  readonly timestamps: boolean;
}

export interface KubeconfigConfig {
  readonly dataDir: string;
  /** Where others reach it; default: as the daemon wrote it. */
  readonly server?: string;
  /** Default: the administrator. */
  readonly user?: string;
  readonly groups: readonly string[];
}

export interface CleanupConfig {
  readonly dataDir: string;
  readonly dockerHost: string;
}

/** The subcommands' bodies; each answers the exit code. */
export interface Commands {
  run(config: RunConfig): Promise<number>;
  agent(config: AgentConfig): Promise<number>;
  validate(paths: readonly string[]): Promise<number>;
  get(config: GetConfig): Promise<number>;
  logs(config: LogsConfig): Promise<number>;
  status(config: ClientConfig): Promise<number>;
  confirmPrune(source: string | undefined, config: ClientConfig): Promise<number>;
  kubeconfig(config: KubeconfigConfig): Promise<number>;
  token(config: TokenConfig): Promise<number>;
  cleanup(config: CleanupConfig): Promise<number>;
  dnsStandby(config: StandbyConfig): Promise<number>;
}

/** Parses `argv` (as process.argv) and runs the subcommand it names. Usage errors are told on stderr, with exit code 2. */
export async function runCommandLine(argv: readonly string[], version: string, commands: Commands): Promise<number> {
  let exitCode = 0;
  const program = new Command('sampan')
    .description(
      'GitOps for Docker hosts: manifests from a folder or a git repo, converged into containers and Services',
    )
    .version(version)
    .exitOverride()
    .showHelpAfterError('(sampan --help shows what there is)');

  runOptions(program.command('run').description('run the daemon on one or more manifest sources'))
    .argument('[source...]', 'a folder, or a git repo as URL[#REF][:PATH]')
    .action(async (sources: string[], flags: RunFlags) => {
      exitCode = await commands.run(await runConfig(sources, flags));
    });

  agentOptions(
    program.command('agent').description('make this machine a node of a cluster whose masters run elsewhere'),
  ).action(async (flags: AgentFlags) => {
    exitCode = await commands.agent(agentConfig(flags));
  });

  program
    .command('validate')
    .description('check manifests without a daemon: every problem with file and line; exit code 1 where there is one')
    .argument('<path...>', 'files or folders')
    .action(async (paths: string[]) => {
      exitCode = await commands.validate(paths);
    });

  clientOptions(program.command('get').description('show objects, as kubectl get does'))
    .argument('<resource>', 'pods, rc, services, endpoints, nodes, namespaces, events, sources')
    .argument('[name]')
    .addOption(new Option('-o, --output <format>', 'how to show them').choices(['wide', 'yaml', 'json', 'name']))
    .option('-w, --watch', 'go on showing changes', false)
    .option('-l, --selector <labels>', 'only objects with these labels: app=web,tier!=db')
    .action(async (resource: string, name: string | undefined, flags: GetFlags) => {
      exitCode = await commands.get({ ...clientConfig(flags), ...flags, resource, ...(name && { name }) });
    });

  clientOptions(program.command('logs').description("show a container's output"))
    .argument('<pod>')
    .argument('[container]')
    .option('-f, --follow', 'go on as it comes', false)
    .option('-p, --previous', "the container's last run before this one", false)
    .option('--tail <lines>', 'only the last lines', wholeNumber)
    .option('--timestamps', 'each line with its time', false)
    .action(async (pod: string, container: string | undefined, flags: LogsFlags) => {
      exitCode = await commands.logs({ ...clientConfig(flags), ...flags, pod, ...(container && { container }) });
    });

  clientOptions(
    program.command('status').description('what is applied from where, and what is not ready and why'),
  ).action(async (flags: ClientFlags) => {
    exitCode = await commands.status(clientConfig(flags));
  });

  clientOptions(program.command('confirm-prune').description('let a refused sync delete what it wants to delete'))
    .argument('[source]', 'its name, as sampan status shows it; not needed where there is one')
    .action(async (source: string | undefined, flags: ClientFlags) => {
      exitCode = await commands.confirmPrune(source, clientConfig(flags));
    });

  program
    .command('kubeconfig')
    .description('print what kubectl needs to reach the daemon; with --user, a new certificate for somebody else')
    .addOption(dataDirOption())
    .option('--server <url>', 'where they reach it; default: this machine itself')
    .option('--user <name>', 'default: the administrator')
    .option('--group <name...>', "the user's groups: view, system:masters, or those of --authorization-rbac-file", [])
    .action(async ({ dataDir, group: groups, ...asked }: KubeconfigFlags) => {
      if (groups.length > 0 && asked.user === undefined) {
        throw new SampanError('Usage', { detail: '--group needs a --user whose group it is' });
      }
      exitCode = await commands.kubeconfig({ dataDir: resolve(dataDir), groups, ...asked });
    });

  tokenCommand(program.command('token'), dataDirOption, async (config) => {
    exitCode = await commands.token(config);
  });

  program
    .command('cleanup')
    .description('remove every container, network, rule and route the daemon made; its data dir stays')
    .addOption(dataDirOption())
    .addOption(dockerHostOption())
    .action(async (flags: CleanupConfig) => {
      exitCode = await commands.cleanup({ ...flags, dataDir: resolve(flags.dataDir) });
    });

  program
    .command('dns-standby', { hidden: true })
    .requiredOption('--folder <path>')
    .requiredOption('--id <id>')
    .action(async (config: StandbyConfig) => {
      exitCode = await commands.dnsStandby(config);
    });

  try {
    await program.parseAsync([...argv]);
    return exitCode;
  } catch (error) {
    // Commander has told the person already, and throws to leave the exit code to us.
    if (error instanceof Error && 'exitCode' in error) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

type ClientFlags = { dataDir: string; namespace: string; allNamespaces: boolean };
type GetFlags = ClientFlags & Pick<GetConfig, 'output' | 'watch' | 'selector'>;
type LogsFlags = ClientFlags & Pick<LogsConfig, 'follow' | 'previous' | 'tail' | 'timestamps'>;
type KubeconfigFlags = { dataDir: string; server?: string; user?: string; group: string[] };

interface RunFlags extends ApiFlags, DnsFlags, NodeFlags {
  config?: string;
  onInvalid: OnInvalid;
  pruneLimit: number;
  etcdServers?: string;
  etcdCafile?: string;
  etcdCertfile?: string;
  etcdKeyfile?: string;
  leaderElectLeaseDuration: number;
  serviceClusterIpRange: Ipv4Range;
  clusterCidr?: Ipv4Range;
  podNetwork?: PodNetworkMode;
  serviceNodePortRange: { first: number; last: number };
  syncInterval: string;
  nodeMonitorGracePeriod: number;
  podEvictionTimeout: number;
}

function runOptions(command: Command): Command {
  command
    .option('--config <file>', 'a YAML file with any of these flags by name, and `sources`; flags given here win')
    .addOption(
      new Option('--on-invalid <what>', 'a bad file refuses its whole revision, or is skipped')
        .choices(ON_INVALID)
        .default('refuse'),
    )
    .option('--prune-limit <share>', 'a sync that would delete a larger share (and over 3 objects) waits', share, 0.5)
    .option('--etcd-servers <urls>', 'etcd v3, comma-separated; default: the embedded store in the data dir')
    .option('--etcd-cafile <file>', 'CA that signed the etcd servers')
    .option('--etcd-certfile <file>', 'client certificate for etcd')
    .option('--etcd-keyfile <file>', 'its key')
    .option(
      '--leader-elect-lease-duration <time>',
      'of several masters over one etcd, a leader silent for so long is replaced',
      duration,
      duration('10s'),
    )
    .option('--service-cluster-ip-range <cidr>', 'where cluster IPs come from', range, range('10.96.0.0/16'))
    .option(
      '--cluster-cidr <cidr>',
      "where pod networks come from; default: Docker's default bridge on a machine by itself, 10.244.0.0/16 over etcd",
      range,
    )
    .addOption(
      new Option(
        '--pod-network <way>',
        'how pods reach those of other nodes: routes on one network segment, a tunnel over any network, or by what you bring; default: vxlan where other nodes can come',
      ).choices(POD_NETWORK_MODES),
    )
    .option('--service-node-port-range <a-b>', 'where node ports come from', portRange, portRange('30000-32767'))
    .option('--sync-interval <when>', 'how often to look at remote sources: 30s, or a cron expression', '30s')
    .option('--node-monitor-grace-period <time>', 'a node silent for so long is NotReady', duration, duration('10s'))
    .option('--pod-eviction-timeout <time>', 'and its pods are replaced after so much more', duration, duration('30s'));
  return apiOptions(dnsOptions(nodeOptions(command))).hook('preAction', async (_, action) => {
    const { config: file } = action.opts<RunFlags>();
    if (file === undefined) return;
    const { applyConfigFile } = await import('./config-file.ts');
    applyConfigFile(file, action);
  });
}

function clientOptions(command: Command): Command {
  return command
    .addOption(dataDirOption())
    .option('-n, --namespace <name>', 'the namespace', 'default')
    .option('-A, --all-namespaces', 'all of them', false);
}

async function runConfig(given: readonly string[], flags: RunFlags): Promise<RunConfig> {
  const sources = await sourcesOf(given, flags);
  if (sources.length === 0) {
    throw new SampanError('Usage', {
      detail: 'sampan run needs at least one SOURCE: a folder, or a git repo as URL[#REF][:PATH]',
    });
  }
  return {
    ...nodeConfig(flags),
    sources,
    ...(flags.etcdServers !== undefined && {
      etcd: {
        servers: flags.etcdServers.split(',').map((server) => server.trim()),
        ...(flags.etcdCafile !== undefined && { caFile: flags.etcdCafile }),
        ...(flags.etcdCertfile !== undefined && { certFile: flags.etcdCertfile }),
        ...(flags.etcdKeyfile !== undefined && { keyFile: flags.etcdKeyfile }),
      },
    }),
    leaderLeaseMs: flags.leaderElectLeaseDuration,
    serviceRange: flags.serviceClusterIpRange,
    ...(flags.clusterCidr !== undefined && { clusterCidr: flags.clusterCidr }),
    ...(flags.podNetwork !== undefined && { podNetwork: flags.podNetwork }),
    nodePorts: flags.serviceNodePortRange,
    nodeMonitorGraceMs: flags.nodeMonitorGracePeriod,
    podEvictionTimeoutMs: flags.podEvictionTimeout,
    dns: dnsConfig(flags, flags.serviceClusterIpRange),
    api: apiConfig(flags),
  };
}

async function sourcesOf(given: readonly string[], flags: RunFlags): Promise<SourceConfig[]> {
  const { onInvalid, pruneLimit, syncInterval, config: file } = flags;
  const defaults = { onInvalid, pruneLimit, syncInterval };
  if (given.length > 0) return given.map((location) => ({ location, ...defaults }));
  if (file === undefined) return [];
  const { listedSources } = await import('./config-file.ts');
  return listedSources(file, defaults);
}

function clientConfig(flags: ClientFlags): ClientConfig {
  return { dataDir: resolve(flags.dataDir), namespace: flags.namespace, allNamespaces: flags.allNamespaces };
}
