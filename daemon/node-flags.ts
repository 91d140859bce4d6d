/** The flags that say what this machine is as a node, for `sampan run` and `sampan agent` alike. config.ts asks here. */
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { LogFormat, LogLevel } from './adapters/pino-log.ts';
import { port, sysctlPatterns } from './flag-values.ts';
import { type ImageConfig, type ImageFlags, imageConfig, imageOptions } from './image-flags.ts';
import { KUBELET_PORT } from './serving/node-service.ts';

export type ProxyMode = 'nftables' | 'userspace' | 'none';

export interface NodeConfig {
  readonly pauseImage: string;
  readonly dockerHost: string;
  readonly images: ImageConfig;
  readonly dataDir: string;
  readonly nodeName: string;
  readonly nodeIp?: string;
  /** 0: the node has no server of its own. */
  readonly kubeletPort: number;
  readonly proxyMode: ProxyMode;
  readonly allowedUnsafeSysctls: readonly string[];
  readonly logLevel?: LogLevel;
  readonly logFormat?: LogFormat;
}

export interface NodeFlags extends ImageFlags {
  podInfraContainerImage: string;
  dockerHost: string;
  dataDir: string;
  nodeName: string;
  nodeIp?: string;
  kubeletPort: number;
  proxyMode: ProxyMode;
  allowedUnsafeSysctls: string[];
  logLevel?: LogLevel;
  logFormat?: LogFormat;
}

export function nodeOptions(command: Command): Command {
  command
    .option('--pod-infra-container-image <image>', "the image that holds each pod's network", 'sampan/pause:1')
    .addOption(dockerHostOption())
    .addOption(dataDirOption())
    .option('--node-name <name>', "this machine's name as a node", hostname().toLowerCase())
    .option('--node-ip <address>', "this machine's address for others; default: that of its default route")
    .option(
      '--kubelet-port <port>',
      "where masters reach this node's own server, for the logs of its pods and the like; 0: nowhere",
      port,
      KUBELET_PORT,
    )
    .addOption(
      new Option('--proxy-mode <mode>', 'how Services are routed')
        .choices(['nftables', 'userspace', 'none'])
        .default('nftables'),
    )
    .option(
      '--allowed-unsafe-sysctls <names>',
      'kernel parameters that pods may set beside the safe ones: kernel.msg*,net.core.somaxconn',
      sysctlPatterns,
      [],
    )
    .addOption(
      new Option(
        '--log-level <level>',
        'default: error on a terminal, where a picture shows the rest; else info',
      ).choices(['error', 'info', 'debug']),
    )
    .addOption(new Option('--log-format <format>', 'default: text on a terminal').choices(['json', 'text']));
  return imageOptions(command);
}

export function nodeConfig(flags: NodeFlags): NodeConfig {
  return {
    pauseImage: flags.podInfraContainerImage,
    dockerHost: flags.dockerHost,
    images: imageConfig(flags),
    dataDir: resolve(flags.dataDir),
    nodeName: flags.nodeName,
    ...(flags.nodeIp !== undefined && { nodeIp: flags.nodeIp }),
    kubeletPort: flags.kubeletPort,
    proxyMode: flags.proxyMode,
    allowedUnsafeSysctls: flags.allowedUnsafeSysctls,
    ...(flags.logLevel !== undefined && { logLevel: flags.logLevel }),
    ...(flags.logFormat !== undefined && { logFormat: flags.logFormat }),
  };
}

export function dataDirOption(): Option {
  const home = process.getuid?.() === 0 ? '/var/lib/sampan' : join(homedir(), '.local/share/sampan');
  return new Option('--data-dir <dir>', 'where the daemon keeps its data and its socket')
    .env('SAMPAN_DATA_DIR')
    .default(home);
}

export function dockerHostOption(): Option {
  return new Option('--docker-host <url>', 'the Docker engine')
    .env('DOCKER_HOST')
    .default('unix:///var/run/docker.sock');
}
