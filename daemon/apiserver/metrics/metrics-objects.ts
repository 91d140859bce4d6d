/**
 * NodeMetrics and PodMetrics as metrics-server writes them (metrics.k8s.io/v1beta1), and their columns. Pure.
 * https://github.com/kubernetes/metrics/blob/master/pkg/apis/metrics/v1beta1/types.go
 */
import type { Node } from '../../../reconcilers/objects/cluster.ts';
import type { Column } from '../../../reconcilers/objects/kinds/entry.ts';
import { type Timestamp, toTimestamp } from '../../../reconcilers/objects/meta.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import { formatQuantity, parseQuantity, type QuantityFormat } from '../../../reconcilers/objects/quantity.ts';
import type { UsageRate } from './usage-rate.ts';

export const METRICS_GROUP_VERSION = 'metrics.k8s.io/v1beta1';

/** Quantities: `12345678n` of a core, `123456Ki`. */
interface Usage {
  readonly cpu: string;
  readonly memory: string;
}

interface Metrics<K extends string> {
  readonly kind: K;
  readonly apiVersion: typeof METRICS_GROUP_VERSION;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly creationTimestamp: Timestamp;
    readonly labels?: Readonly<Record<string, string>>;
  };
  /** The end of the window; CPU is the mean over it. */
  readonly timestamp: Timestamp;
  /** A duration as Go prints it. */
  readonly window: string;
}

export interface NodeMetrics extends Metrics<'NodeMetrics'> {
  readonly usage: Usage;
}

export interface PodMetrics extends Metrics<'PodMetrics'> {
  readonly containers: readonly { readonly name: string; readonly usage: Usage }[];
}

export interface ContainerRate {
  readonly name: string;
  readonly rate: UsageRate;
}

export function nodeMetrics(node: Node, rate: UsageRate, now: number): NodeMetrics {
  return { ...metricsOf('NodeMetrics', node, rate, now), usage: usageOf(rate) };
}

/** Undefined for a pod of which no container runs. The window is that of the container that was looked at first. */
export function podMetrics(pod: Pod, containers: readonly ContainerRate[], now: number): PodMetrics | undefined {
  const [first] = containers.map(({ rate }) => rate).toSorted((a, b) => a.at - b.at);
  if (first === undefined) return undefined;
  return {
    ...metricsOf('PodMetrics', pod, first, now),
    containers: containers.map(({ name, rate }) => ({ name, usage: usageOf(rate) })),
  };
}

export const NODE_METRICS_COLUMNS: readonly Column<NodeMetrics>[] = columns(({ usage }) => [usage]);
/** A pod's row is the sum of its containers. */
export const POD_METRICS_COLUMNS: readonly Column<PodMetrics>[] = columns(({ containers }) =>
  containers.map(({ usage }) => usage),
);

function metricsOf<K extends string>(kind: K, of: Node | Pod, { at, windowMs }: UsageRate, now: number): Metrics<K> {
  const { name, namespace, labels } = of.metadata;
  return {
    kind,
    apiVersion: METRICS_GROUP_VERSION,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      creationTimestamp: toTimestamp(now),
      ...(labels !== undefined && { labels }),
    },
    timestamp: toTimestamp(at),
    window: formatDuration(windowMs),
  };
}

function usageOf({ nanoCores, memoryBytes }: UsageRate): Usage {
  return {
    cpu: formatQuantity({ nanos: BigInt(nanoCores), format: 'DecimalSI' }),
    memory: formatQuantity({ nanos: BigInt(memoryBytes) * 1_000_000_000n, format: 'BinarySI' }),
  };
}

/** As Go prints a duration of whole milliseconds: `750ms`, `1.003s`, `1m30.5s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes > 0 ? `${minutes}m` : ''}${(ms % 60_000) / 1000}s`;
}

function columns<T extends Metrics<string>>(usages: (metrics: T) => readonly Usage[]): readonly Column<T>[] {
  return [
    { name: 'Name', cell: ({ metadata }) => metadata.name },
    {
      name: 'cpu',
      cell: (metrics) =>
        sum(
          usages(metrics).map(({ cpu }) => cpu),
          'DecimalSI',
        ),
    },
    {
      name: 'memory',
      cell: (metrics) =>
        sum(
          usages(metrics).map(({ memory }) => memory),
          'BinarySI',
        ),
    },
    { name: 'Window', cell: ({ window }) => window },
  ];
}

function sum(quantities: readonly string[], format: QuantityFormat): string {
  const nanos = quantities.reduce((total, quantity) => total + (parseQuantity(quantity)?.nanos ?? 0n), 0n);
  return formatQuantity({ nanos, format });
}
