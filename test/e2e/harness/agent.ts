/** A node under test: `daemon/main.ts agent` as a process of its own in a machine of its own. The test bed starts it. */
import { join } from 'node:path';
import { type ControlledDaemon, startDaemon } from './controlled-daemon.ts';
import type { Dockerd } from './dockerd.ts';
import { MAIN } from './sampan.ts';
import type { Scope } from './scope.ts';

export interface AgentOptions {
  readonly nodeName: string;
  /** `https://192.0.2.2:6443`, one or more. */
  readonly servers: readonly string[];
  /** Holds what `sampan token create` printed. */
  readonly tokenFile?: string;
  /** Further flags. */
  readonly args?: readonly string[];
}

export interface Agent extends ControlledDaemon {
  readonly nodeName: string;
  readonly dataDir: string;
}

/** Starts one on the engine, in the engine's namespace; resolves when it has reached a master. */
export async function startAgent(scope: Scope, dockerd: Dockerd, name: string, options: AgentOptions): Promise<Agent> {
  const dir = await scope.createDir(name);
  const [dataDir, logFile] = [join(dir, 'data'), join(dir, 'agent.log')];
  const { nodeName, servers, tokenFile, args = [] } = options;
  const place = ['--data-dir', dataDir, '--docker-host', dockerd.host, '--node-name', nodeName];
  const cluster = ['--server', servers.join(','), ...(tokenFile === undefined ? [] : ['--token-file', tokenFile])];
  const daemon = await startDaemon({
    netns: dockerd.netns,
    command: [MAIN, 'agent', ...cluster, ...place, ...args],
    logFile,
    env: process.env,
    works: (said) => said.includes('"sampan agent runs"'),
  });
  return Object.assign(daemon, { nodeName, dataDir });
}
