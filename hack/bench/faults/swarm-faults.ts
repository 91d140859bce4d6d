/** What is done to Docker Swarm: what sampan-faults.ts does, as far as a swarm has it. A manager is its engine, so a leader dies with that. */
import { type Cut, cut, slow } from '../../../test/e2e/harness/lan-faults.ts';
import type { Fault } from './measure.ts';
import type { SwarmCluster, SwarmMachine } from './swarm-cluster.ts';

const DYING = 10;
const NETWORK = { delayMs: 100, lossPercent: 5 };

export function swarmFaults(cluster: SwarmCluster): Fault[] {
  const faults = [...leaderFaults(cluster), ...nodeFaults(cluster), ...faultsOfAll(cluster)];
  return faults.map((fault) => ({ ...fault, what: `Swarm, ${fault.what}` }));
}

function leaderFaults(cluster: SwarmCluster): Fault[] {
  let leader: SwarmMachine;
  const noticed = () => cluster.until('another leader', async () => (await cluster.leader()) !== leader);
  const hit = (strike: (leader: SwarmMachine) => Promise<() => Promise<void>>) => async () => {
    leader = await cluster.leader();
    cluster.spare(leader);
    return strike(leader);
  };
  const settled = () => cluster.settled();
  return [
    {
      what: 'leader killed: a change is carried out',
      strike: hit(async ({ dockerd }) => {
        await dockerd.stop('SIGKILL');
        return () => dockerd.start();
      }),
      noticed,
      recovered: () => cluster.change(),
      settled,
    },
    {
      what: 'leader paused until another leads, and resumed: a change is carried out',
      strike: hit(async ({ dockerd: { process: paused } }) => {
        process.kill(paused.pid, 'SIGSTOP');
        return async () => void process.kill(paused.pid, 'SIGCONT');
      }),
      noticed,
      recovered: () => cluster.change(),
      settled,
    },
    {
      what: "leader's machine cut off one way (nobody hears it): a change is carried out",
      strike: hit((hitLeader) => cut(cluster.lan, hitLeader, 'mute')),
      noticed,
      recovered: () => cluster.change(),
      settled,
    },
    {
      what: 'quorum of managers lost: a change is refused; restored: one is taken',
      strike: async () => {
        const [first, ...others] = cluster.managers;
        const lost = [first, others[0]].filter((manager) => manager !== undefined);
        if (first !== undefined) cluster.spare(first);
        await Promise.all(lost.map(({ dockerd }) => dockerd.stop('SIGKILL')));
        return async () => void (await Promise.all(lost.map(({ dockerd }) => dockerd.start())));
      },
      noticed: () => cluster.until('a refused change', async () => !(await cluster.decides())),
      recoversAfterwards: true,
      recovered: () => cluster.until('a change', () => cluster.decides()),
      settled,
    },
  ];
}

function nodeFaults(cluster: SwarmCluster): Fault[] {
  const { worker, lan } = cluster;
  const noticed = () => cluster.untilNode(worker, 'down');
  const recovered = () => cluster.untilRunning(worker);
  const settled = () => cluster.settled();
  const cutOff = (how: Cut, what: string): Fault => ({
    what: `node cut off ${what}: its tasks run elsewhere`,
    prepare: () => cluster.fillWorker(2),
    strike: () => cut(lan, worker, how),
    noticed,
    recovered,
    settled,
  });
  return [
    {
      what: "a node's dockerd killed: noticed; started again: its tasks run again",
      strike: async () => {
        await worker.dockerd.stop('SIGKILL');
        return () => worker.dockerd.start();
      },
      noticed,
      recoversAfterwards: true,
      recovered: settled,
      settled,
    },
    cutOff('both', 'both ways'),
    cutOff('mute', 'one way (nobody hears it)'),
    cutOff('deaf', 'one way (it hears nobody)'),
    {
      what: `node killed with ${DYING} more tasks on it: they run elsewhere`,
      prepare: () => cluster.fillWorker(DYING),
      strike: async () => {
        await killMachine(worker);
        return () => worker.dockerd.start();
      },
      noticed,
      recovered,
      settled,
    },
  ];
}

function faultsOfAll(cluster: SwarmCluster): Fault[] {
  const settled = () => cluster.settled();
  return [
    {
      what: 'network with 5 % loss and 100 ms delay: a change is carried out',
      strike: async () => slow(cluster.lan, cluster.all, NETWORK, await cluster.bed.dir()),
      recovered: () => cluster.change(),
      settled,
    },
    {
      what: 'power cut everywhere, from its return: all runs',
      strike: async () => {
        await Promise.all(cluster.all.map(killMachine));
        return async () => void (await Promise.all(cluster.all.map(({ dockerd }) => dockerd.start())));
      },
      recoversAfterwards: true,
      recovered: settled,
      settled,
    },
  ];
}

/** The engine first, or it would tell the managers of its tasks, and start them again. */
async function killMachine({ dockerd }: SwarmMachine): Promise<void> {
  const pids: number[] = [];
  for (const { Id } of await dockerd.api.send<{ Id: string }[]>({ path: '/containers/json' })) {
    const { State } = await dockerd.api.send<{ State: { Pid: number } }>({ path: `/containers/${Id}/json` });
    pids.push(State.Pid);
  }
  await dockerd.stop('SIGKILL');
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}
