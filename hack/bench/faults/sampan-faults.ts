/** What is done to the sampan cluster, in the order in which it is done, and what each time has to be there again. */
import { type Cut, cut, slow } from '../../../test/e2e/harness/lan-faults.ts';
import type { Master } from '../../../test/e2e/harness/machines.ts';
import { clockSetOff } from '../../../test/e2e/harness/set-clock.ts';
import type { Fault } from './measure.ts';
import { killMachine, startMachines } from './power.ts';
import type { SampanCluster } from './sampan-cluster.ts';

const DYING = 10;
const NETWORK = { delayMs: 100, lossPercent: 5 };

export function sampanFaults(cluster: SampanCluster): Fault[] {
  return [...leaderFaults(cluster), ...etcdFaults(cluster), ...nodeFaults(cluster), ...faultsOfAll(cluster)];
}

function leaderFaults(cluster: SampanCluster): Fault[] {
  let leader: Master;
  const hit = (strike: (leader: Master) => Promise<() => Promise<void>>) => async () => {
    leader = await cluster.leader();
    cluster.spare(leader);
    return strike(leader);
  };
  const noticed = () => cluster.until('another leader', async () => (await cluster.leader()) !== leader);
  const common = { recovered: () => cluster.change(), settled: () => cluster.settled(), spares: true };
  return [
    {
      what: 'leader killed: a change is carried out',
      strike: hit(async ({ daemon }) => {
        await daemon.stop('SIGKILL');
        return () => daemon.start();
      }),
      noticed,
      ...common,
    },
    {
      what: 'leader paused until another leads, and resumed: a change is carried out',
      strike: hit(async ({ daemon }) => {
        const { pid } = daemon.process;
        process.kill(pid, 'SIGSTOP');
        return async () => void process.kill(pid, 'SIGCONT');
      }),
      noticed,
      ...common,
    },
    {
      what: "leader's machine cut off one way (nobody hears it): a change is carried out",
      strike: hit((hitLeader) => cut(cluster.machines.lan, hitLeader, 'mute')),
      noticed,
      recovered: () => cluster.change(),
      settled: () => cluster.settled(),
    },
    {
      what: 'a clock set an hour ahead: a change is carried out',
      strike: hit(async ({ daemon }) => {
        const env = clockSetOff(3_600);
        if (env === undefined) throw new Error('libfaketime is not installed (Debian: faketime)');
        await daemon.stop('SIGKILL');
        await daemon.start({ env });
        return async () => {
          await daemon.stop('SIGKILL');
          await daemon.start();
        };
      }),
      ...common,
    },
  ];
}

function etcdFaults(cluster: SampanCluster): Fault[] {
  const { masters } = cluster.machines;
  const common = {
    recovered: () => cluster.until('a write', () => cluster.write()),
    settled: () => cluster.settled(),
    spares: true,
  };
  return [
    ...masters.map(
      (master): Fault => ({
        what: `etcd member of ${master.name} killed: its master takes a write`,
        strike: async () => {
          cluster.spare(masters.find((other) => other !== master) as Master);
          await master.etcd.stop('SIGKILL');
          return () => master.etcd.start();
        },
        ...common,
      }),
    ),
    {
      what: 'quorum of etcd lost: a write is refused; restored: one is taken',
      strike: async () => {
        const lost = masters.slice(1);
        await Promise.all(lost.map(({ etcd }) => etcd.stop('SIGKILL')));
        return async () => void (await Promise.all(lost.map(({ etcd }) => etcd.start())));
      },
      noticed: () => cluster.until('a refused write', async () => !(await cluster.write())),
      recoversAfterwards: true,
      ...common,
    },
  ];
}

function nodeFaults(cluster: SampanCluster): Fault[] {
  const { agent, machines } = cluster;
  const noticed = () => cluster.untilReadiness(agent.name, ['Unknown', 'False']);
  const settled = () => cluster.settled();
  const recovered = () => cluster.untilMoved(agent);
  const cutOff = (how: Cut, what: string): Fault => ({
    what: `node cut off ${what}: its pods run elsewhere`,
    prepare: () => cluster.fillAgent(2),
    strike: () => cut(machines.lan, agent, how),
    noticed,
    recovered,
    settled,
  });
  return [
    {
      what: "a node's dockerd killed: noticed; started again: its pods run again",
      strike: async () => {
        await agent.dockerd.stop('SIGKILL');
        return () => agent.dockerd.start();
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
      what: `node killed with ${DYING} more pods on it: they run elsewhere`,
      prepare: () => cluster.fillAgent(DYING),
      strike: async () => {
        await killMachine(agent);
        return () => startMachines([agent]);
      },
      noticed,
      recovered,
      settled,
    },
  ];
}

function faultsOfAll(cluster: SampanCluster): Fault[] {
  const { others } = cluster;
  const settled = () => cluster.settled();
  return [
    {
      what: 'network with 5 % loss and 100 ms delay: a change is carried out',
      strike: async () => slow(cluster.machines.lan, others, NETWORK, await cluster.bed.dir()),
      recovered: () => cluster.change(),
      settled,
    },
    {
      what: 'power cut everywhere, from its return: all runs',
      strike: async () => {
        await Promise.all(others.map(killMachine));
        return () => startMachines(others);
      },
      recoversAfterwards: true,
      recovered: settled,
      settled,
    },
  ];
}
