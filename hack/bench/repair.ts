/**
 * Measures how soon what was killed or removed behind the daemon's back runs again: a container killed over the API, one whose
 * process is killed, a pod whose containers are removed. Each round uses a pod of its own, as a container that is killed again has to
 * wait for its back-off.
 */
import type { SocketClient } from '../../test/e2e/harness/socket-request.ts';
import { type BenchNode, withBenchNode } from './bench-node.ts';
import { untilGone } from './deploy.ts';
import { type Figure, timedAgainstFloor } from './figures.ts';
import { folderIn } from './manifests.ts';
import type { RunningContainer } from './running-containers.ts';

interface Victim {
  readonly pause: RunningContainer;
  readonly app: RunningContainer;
}

/** Each resolves when the deed is on its way. */
const DEEDS: Readonly<Record<string, (docker: SocketClient, victim: Victim) => Promise<void>>> = {
  'container killed by the API': async (docker, { app }) => {
    await docker.send({ method: 'POST', path: `/containers/${app.id}/kill` });
  },
  'container killed by a signal': async (docker, { app }) => {
    const { State } = await docker.send<{ State: { Pid: number } }>({ path: `/containers/${app.id}/json` });
    process.kill(State.Pid, 'SIGKILL');
  },
  'pod removed': async (docker, victim) => {
    const remove = ({ id }: RunningContainer) =>
      docker.send({ method: 'DELETE', path: `/containers/${id}?force=1` }).catch(() => undefined); // gone already is fine
    await Promise.all([remove(victim.app), remove(victim.pause)]);
  },
};

export async function benchmarkRepairs(rounds: number): Promise<Figure[]> {
  return withBenchNode(async (node) => {
    const pods = rounds * 2;
    const place = await folderIn(await node.bed.dir());
    const sampan = await node.sampan([place.location]);
    const figures: Figure[] = [];
    for (const [deed, commit] of Object.entries(DEEDS)) {
      const web = { name: 'web', replicas: pods, clusterIP: '10.96.77.77' };
      await place.declare(web);
      await node.containers.until('the pods to run', () => victims(node).length === pods);
      const times: number[] = [];
      const floors: number[] = [];
      for (const victim of victims(node)) {
        floors.push(deed === 'pod removed' ? await node.floor(1) : await oneContainer(node, victim.pause));
        times.push(await timeOf(node, victim, () => commit(node.dockerd.api, victim)));
      }
      const limit = deed === 'pod removed' ? { factor: 2 } : { plusMs: 100 };
      figures.push(timedAgainstFloor({ what: `${deed}, runs again`, times, floors, ...limit }));
      await place.withdraw(web);
      await untilGone(node, sampan, web);
    }
    await sampan.stop();
    return figures;
  });
}

async function timeOf({ containers }: BenchNode, { app }: Victim, commit: () => Promise<void>): Promise<number> {
  const before = containers.started.length;
  const isBack = () =>
    containers.started.slice(before).some(({ name }) => podOf(name) === podOf(app.name) && isApp(name));
  const startedAt = performance.now();
  const [backAt] = await Promise.all([containers.until('the container to run again', isBack), commit()]);
  return backAt - startedAt;
}

/** The floor of a container that comes back: created and started in a network that is there, in ms. */
async function oneContainer({ dockerd: { api } }: BenchNode, pause: RunningContainer): Promise<number> {
  const startedAt = performance.now();
  const body = { Image: 'sampan/bench-http:1', Cmd: ['9090'], HostConfig: { NetworkMode: `container:${pause.id}` } };
  const { Id: id } = await api.send<{ Id: string }>({ method: 'POST', path: '/containers/create', body });
  await api.send({ method: 'POST', path: `/containers/${id}/start` });
  const took = performance.now() - startedAt;
  await api.send({ method: 'DELETE', path: `/containers/${id}?force=1` });
  return took;
}

/** The pods that run whole. */
function victims({ containers }: BenchNode): Victim[] {
  return containers.named('k8s_app_').flatMap((app) => {
    const pause = containers.named('k8s_POD_').find(({ name }) => podOf(name) === podOf(app.name));
    return pause === undefined ? [] : [{ app, pause }];
  });
}

function isApp(name: string): boolean {
  return name.startsWith('k8s_app_');
}

/** Of `k8s_app_web-x7k2p_default_<uid>_0`: the name and the namespace of its pod. */
function podOf(name: string): string {
  return name.split('_').slice(2, 4).join('_');
}
