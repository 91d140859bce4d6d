/**
 * `sampan agent`: this machine as a node of a cluster whose masters run elsewhere. It knows them by their API alone; when none answers,
 * what runs goes on as it is.
 */
import { chooseNodeAddress } from '../../reconcilers/node-status/address.ts';
import { type Clock, sleep } from '../../reconcilers/ports/clock.ts';
import { isSampanError, messageOf } from '../../reconcilers/ports/errors.ts';
import type { Log } from '../../reconcilers/ports/log.ts';
import { ApiObjectClient } from '../adapters/api-client/api-object-client.ts';
import { ApiServers } from '../adapters/api-client/api-servers.ts';
import { apiTokenIssuer } from '../adapters/api-client/api-token-issuer.ts';
import { NodeFeedClient } from '../adapters/api-client/node-feed-client.ts';
import { serversInOrder } from '../adapters/api-client/server-order.ts';
import { DockerRuntime } from '../adapters/docker-runtime/docker-runtime.ts';
import { readMachine } from '../adapters/machine.ts';
import { createPinoLog } from '../adapters/pino-log.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemRandom } from '../adapters/system-random.ts';
import type { AgentConfig } from '../agent-flags.ts';
import { createNodeCore, flushEvents } from '../assemble.ts';
import { type ClusterSettings, clusterConfig } from '../cluster-settings.ts';
import { LocalNode } from '../local-node.ts';
import { NodeCredential } from '../node-credential.ts';
import { keepingAlive, runParts } from '../run-parts.ts';
import { NodeServing } from '../serve-node.ts';
import type { TlsIdentity } from '../serving/listeners.ts';
import { DataDir } from './data-dir.ts';

const RETRY_MS = 1_000;

export interface AgentSurroundings {
  readonly version: string;
  readonly stdout: NodeJS.WriteStream;
  readonly pid: number;
  /** The words that run this program: `node main.ts`. */
  readonly program: readonly string[];
  /** Aborts when the agent is to stop. */
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts; answers the exit code. */
export async function agent(config: AgentConfig, surroundings: AgentSurroundings): Promise<number> {
  const { version, program, stdout, signal } = surroundings;
  const { nodeName } = config;
  const dataDir = new DataDir(config.dataDir);
  dataDir.claim(surroundings.pid);
  const format = config.logFormat ?? (stdout.isTTY ? 'text' : 'json');
  const log = await createPinoLog({ format, level: config.logLevel ?? 'info', target: stdout });
  const essentials = { clock: systemClock, random: systemRandom, log };
  const runtime = new DockerRuntime(config.dockerHost);
  const machine = readMachine(config.dataDir);
  const nodeIP = config.nodeIp ?? chooseNodeAddress(machine.interfaces, machine.routes);

  const inOrder = serversInOrder(config.servers, nodeName);

  const credential = await keepingAlive(
    NodeCredential.open(
      { ...config, servers: inOrder, addresses: [nodeIP], folder: dataDir.pkiPath },
      essentials,
      signal,
    ),
  );
  const servers = new ApiServers(inOrder, () => credential.tls());
  const settings = await keepingAlive(settingsFrom(servers, nodeName, essentials, signal));
  const feed = new NodeFeedClient(servers, nodeName);
  const core = createNodeCore(new ApiObjectClient(servers, feed), nodeName, essentials);
  const place = { ...config, instance: dataDir.instance(), nodeIP };
  const serving = new NodeServing(place, identityOf(credential), { ...core, runtime });
  const node = new LocalNode({
    config: { ...config, ...clusterConfig(settings, config.resolvConf) },
    ...{ dataDir, core, runtime, machine, nodeIP, version, program },
  });
  const access = { serving, tokens: apiTokenIssuer(servers) };

  log.info('sampan agent runs', {
    version,
    servers: inOrder.join(', '),
    docker: runtime.endpoint,
    proxy: config.proxyMode,
  });
  // The cache outlives the loops: a write under way waits until the cache has seen it.
  const loopsEnded = new AbortController();
  const following = core.cache.run(loopsEnded.signal);
  const renewing = credential.keepRenewed(() => serving.renew(identityOf(credential)), loopsEnded.signal);
  try {
    await keepingAlive(runParts(core.cache, [(until) => node.run(access, until)], signal));
  } finally {
    await serving.close();
    await node.close();
    await flushEvents(core);
    loopsEnded.abort();
    servers.close();
    await Promise.all([following, renewing]);
    runtime.close();
    dataDir.release();
    log.info('sampan agent stopped; its containers go on');
  }
  return 0;
}

/** The certificate by which masters know the node is also the one it shows them. */
function identityOf(credential: NodeCredential): TlsIdentity {
  const { ca: authority, cert: certificate, key } = credential.tls();
  return { authority, certificate, key };
}

/** What the masters' flags say, once one of them answers. */
async function settingsFrom(
  servers: ApiServers,
  nodeName: string,
  { clock, log }: { clock: Clock; log: Log },
  signal: AbortSignal,
): Promise<ClusterSettings> {
  const path = `/apis/sampan.dev/v1/nodes/${nodeName}/settings`;
  for (let failures = 0; ; failures++) {
    try {
      return await servers.json<ClusterSettings>({ path, signal });
    } catch (error) {
      if (!isSampanError(error, 'ServerUnavailable')) throw error;
      if (failures === 0) log.error('waiting for a master', { error: messageOf(error) });
      await sleep(clock, RETRY_MS, signal);
    }
  }
}
