/**
 * Measures how long a deploy takes, from a dropped file and from a commit to a local repo, on the embedded store and on etcd: until
 * every container runs and a request through the Service is answered. Beside it the floor, round by round.
 */
import { eventually } from '../../test/e2e/harness/eventually.ts';
import type { Sampan } from '../../test/e2e/harness/sampan.ts';
import { webTarget } from '../../test/e2e/harness/web.ts';
import { type BenchNode, withBenchNode } from './bench-node.ts';
import { type Figure, timedAgainstFloor } from './figures.ts';
import { folderIn, type Place, repoIn, type Web } from './manifests.ts';

const SIZES = [1, 10, 50];
/** On etcd the largest is measured. */
const ON_ETCD = 50;

export async function benchmarkDeploys(rounds: number): Promise<Figure[]> {
  const sizes = new Map(SIZES.map((pods) => [pods, roundsOf(rounds, pods)]));
  const onSqlite = await withBenchNode((node) => onNode(node, [], sizes, 'SQLite'));
  const onEtcd = await withBenchNode(async (node) => {
    const { endpoint } = await node.bed.etcd({ netns: node.netns });
    return onNode(node, [`--etcd-servers=${endpoint}`], new Map([[ON_ETCD, roundsOf(rounds, ON_ETCD)]]), 'etcd');
  });
  return [...onSqlite, ...onEtcd];
}

/** Small deploys vary more, and large ones take long. */
function roundsOf(rounds: number, pods: number): number {
  return pods >= 50 ? Math.ceil(rounds / 2) : pods === 1 ? rounds * 2 : rounds;
}

async function onNode(
  node: BenchNode,
  args: readonly string[],
  sizes: ReadonlyMap<number, number>,
  store: string,
): Promise<Figure[]> {
  const dir = await node.bed.dir();
  const places: [string, Place][] = [
    ['file', await folderIn(dir)],
    ['commit', await repoIn(dir)],
  ];
  const sources = places.map(([, { location }]) => location);
  const sampan = await node.sampan(sources, args);
  const figures: Figure[] = [];
  await deployOnce(node, sampan, (places[0] as [string, Place])[1], 1);
  for (const [pods, rounds] of sizes) {
    const floors: number[] = [];
    const times = new Map(places.map(([from]) => [from, [] as number[]]));
    for (let round = 0; round < rounds; round++) {
      floors.push(await node.floor(pods));
      for (const [from, place] of places) times.get(from)?.push(await deployOnce(node, sampan, place, pods));
    }
    for (const [from, ms] of times) {
      const what = `deploy ${pods} from a ${from}, ${store}`;
      figures.push(timedAgainstFloor({ what, times: ms, floors, factor: 1.2, plusMs: 150 }));
    }
  }
  await sampan.stop();
  return figures;
}

/** One deploy, taken away again before this resolves to its milliseconds. */
export async function deployOnce(node: BenchNode, sampan: Sampan, place: Place, pods: number): Promise<number> {
  const web: Web = { name: `web${pods}`, replicas: pods, clusterIP: '10.96.77.77' };
  const answered = node.client.untilAnswered(webTarget(web));
  const declaredAt = await place.declare(web);
  const isRunning = () => node.containers.named(`k8s_app_web${pods}-`).length === pods;
  const readyAt = await Promise.all([node.containers.until(`${pods} pods to run`, isRunning), answered]);
  await place.withdraw(web);
  await untilGone(node, sampan, web);
  return Math.max(...readyAt) - declaredAt;
}

/** Until no pod of it is left, neither its containers nor its object. */
export async function untilGone({ containers }: BenchNode, sampan: Sampan, { name }: Pick<Web, 'name'>): Promise<void> {
  const isOfIt = (pod: string) => pod.startsWith(`${name}-`);
  const running = () => containers.named('k8s_').filter((container) => isOfIt(container.name.split('_')[2] ?? ''));
  await containers.until(`the containers of ${name} to end`, () => running().length === 0);
  await eventually(
    async () => (await sampan.api.list('/api/v1/pods')).every(({ metadata }) => !isOfIt(metadata.name)),
    { describe: `the pods of ${name} to be gone`, everyMs: 50 },
  );
}
