/**
 * Measures many machines: one master, and hollow nodes (hack/hollow) that are real but for their containers, in a process of their own on
 * the same machine. How long pods take from their controllers until all are ready, what each of them costs, what others wait meanwhile.
 */
import { atLeast, counted, type Figure, plain, seconds } from './figures.ts';
import { Cluster, type Deployed } from './scale/cluster.ts';
import { benchmarkScheduler } from './scale/scheduler.ts';

/** So many of them with so many rounds. */
const SIZES = [100, 300, 1_000] as const;
const PODS_PER_NODE = 10;
/** The largest is filled up to so many. */
const FULL_PODS_PER_NODE = 30;
const REST_MS = 10_000;
/** The cost of a pod may grow so much from the smallest cluster to the largest: measures of one thing differ by as much. */
const LINEAR = 1.2;
/** What kube-scheduler binds, of pods without affinity: its own benchmark's thresholds, on faster machines. */
const PUBLISHED_PER_SECOND = 680;
/** Kubernetes' objectives: https://github.com/kubernetes/community/blob/master/sig-scalability/slos/api_call_latency.md. */
const ANSWER_WITHIN_MS = { get: 1_000, put: 1_000, list: 30_000 };

/** `rounds`: 1 measures the smallest cluster, 3 and more all. */
export async function benchmarkScale(rounds: number): Promise<Figure[]> {
  const sizes = SIZES.slice(0, rounds);
  const figures: Figure[] = [];
  const costs: number[] = [];
  for (const nodes of sizes) {
    const scheduled = await benchmarkScheduler(nodes, nodes * PODS_PER_NODE);
    figures.push(atLeast(`${nodes} nodes, scheduler alone`, scheduled, PUBLISHED_PER_SECOND, ' pods/s'));
    const cluster = await Cluster.start(nodes, 'SQLite');
    try {
      figures.push(...joinFigures(cluster));
      const deployed = await cluster.deploy(0, nodes * PODS_PER_NODE);
      costs.push(deployed.masterCpuMsPerPod);
      figures.push(...deployFigures(nodes, deployed));
      if (nodes === SIZES[2]) {
        figures.push(...deployFigures(nodes, await cluster.deploy(nodes * PODS_PER_NODE, nodes * FULL_PODS_PER_NODE)));
      }
      const { masterShare, residentMegabytes } = await cluster.rest(REST_MS);
      figures.push(
        plain(`${nodes} nodes at rest, master, of one core`, `${(100 * masterShare).toFixed(1)} %`),
        plain(`${nodes} nodes at rest, master, resident`, `${Math.round(residentMegabytes)} MB`),
      );
    } finally {
      await cluster.stop();
    }
  }
  const growth = (costs.at(-1) ?? 0) / (costs[0] ?? 1);
  if (costs.length > 1) {
    figures.push(counted(`master's CPU per pod, ${sizes.at(-1)} nodes to ${sizes[0]}`, growth, LINEAR, ' times'));
  }
  return figures;
}

function joinFigures({ nodes, joined }: Cluster): Figure[] {
  return [
    plain(`${nodes} nodes join, until all are ready`, seconds(joined.ms)),
    plain(`${nodes} nodes join, master's CPU per node`, `${joined.masterCpuMsPerNode.toFixed(1)} ms`),
    plain(`${nodes} nodes joined, master's memory per node`, `${Math.round(joined.kilobytesPerNode)} kB`),
  ];
}

function deployFigures(nodes: number, deployed: Deployed): Figure[] {
  const { pods, boundMs, readyMs, answers } = deployed;
  const what = `${nodes} nodes, ${pods} pods`;
  const p99 = (took: readonly number[]) =>
    took[Math.min(took.length - 1, Math.floor(took.length * 0.99))] ?? Number.NaN;
  const answered = (['get', 'put', 'list'] as const).map((question) => {
    return counted(`${what}, meanwhile p99 of ${question}`, p99(answers[question]), ANSWER_WITHIN_MS[question], ' ms');
  });
  return [
    plain(`${what}, all on a node`, `${seconds(boundMs)}, ${Math.round((1000 * pods) / boundMs)}/s`),
    plain(`${what}, all ready`, `${seconds(readyMs)}, ${Math.round((1000 * pods) / readyMs)}/s`),
    ...answered,
    plain(`${what}, master's CPU per pod`, `${deployed.masterCpuMsPerPod.toFixed(2)} ms`),
    plain(`${what}, hollow nodes' CPU per pod`, `${deployed.nodeCpuMsPerPod.toFixed(2)} ms`),
    plain(`${what}, master's memory per pod`, `${deployed.kilobytesPerPod.toFixed(1)} kB`),
    counted(`${what}, nodes taken for lost`, deployed.lost, 0),
  ];
}
