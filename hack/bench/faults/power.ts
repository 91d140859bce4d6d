/** A machine that loses its power: everything on it is killed at once, and what starts by itself starts when it is back. */
import { runningContainers } from '../../../test/e2e/harness/kube-containers.ts';
import type { Machine, Master } from '../../../test/e2e/harness/machines.ts';

type AnyMachine = Machine | Master;

export async function killMachine(machine: AnyMachine): Promise<void> {
  const { daemon, dockerd } = machine;
  const containers = await runningContainers(dockerd);
  await Promise.all([daemon.stop('SIGKILL'), 'etcd' in machine && machine.etcd.stop('SIGKILL')]);
  const kill = (id: string) => dockerd.api.send({ method: 'POST', path: `/containers/${id}/kill` });
  await Promise.all(containers.map(({ id }) => kill(id)));
  await dockerd.stop('SIGKILL');
}

/** Several at once: a member of etcd serves when most of them do. */
export async function startMachines(machines: readonly AnyMachine[]): Promise<void> {
  await Promise.all(machines.map(async (machine) => 'etcd' in machine && machine.etcd.start()));
  await Promise.all(machines.map(({ dockerd }) => dockerd.start()));
  await Promise.all(machines.map(({ daemon }) => daemon.start()));
}
