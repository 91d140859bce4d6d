/**
 * Answers `/apis/metrics.k8s.io/v1beta1/...`: what nodes and pods use, for `kubectl top`. Stored nowhere: objects come from the client,
 * numbers from the runtime and the machine, at the time of the question.
 */
import type { Column } from '../../../reconcilers/objects/kinds/entry.ts';
import { KINDS } from '../../../reconcilers/objects/kinds.ts';
import { formatKey } from '../../../reconcilers/objects/meta.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import type { ResourceUsage } from '../../../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../../reconcilers/ports/object-client.ts';
import { assertRead, pathOf } from '../document.ts';
import { type Exchange, sendJson } from '../exchange.ts';
import { type MediaType, negotiate } from '../media-types.ts';
import { includeOf } from '../representation.ts';
import type { ResourceRequest } from '../request-info.ts';
import { selectionOf } from '../selection.ts';
import { tableOf } from '../table.ts';
import {
  type ContainerRate,
  METRICS_GROUP_VERSION,
  NODE_METRICS_COLUMNS,
  type NodeMetrics,
  nodeMetrics,
  POD_METRICS_COLUMNS,
  type PodMetrics,
  podMetrics,
} from './metrics-objects.ts';
import { type ReadUsage, type Subject, UsageSampler } from './usage-sampler.ts';

/** Who knows what is used on this node. */
export interface UsageReaders {
  readonly nodeName: string;
  /** By container id, of those that run. */
  readonly containers: ReadUsage;
  readonly machine: () => ResourceUsage | undefined;
}

export interface MetricsDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly usage?: UsageReaders;
}

const NOBODY: UsageReaders = { nodeName: '', containers: async () => new Map(), machine: () => undefined };
const PATH = new RegExp(`^/apis/${METRICS_GROUP_VERSION}/(?:namespaces/([^/]+)/)?(nodes|pods)(?:/([^/]+))?$`);
const JSON_TYPE = { type: 'application/json' };
const OFFERS: readonly MediaType[] = [JSON_TYPE, { ...JSON_TYPE, as: 'Table', g: 'meta.k8s.io', v: 'v1' }];

export class Metrics {
  readonly #client: ObjectClient;
  readonly #clock: Clock;
  readonly #nodeName: string;
  readonly #containers: UsageSampler;
  readonly #machine: UsageSampler;

  constructor({ client, clock, usage = NOBODY }: MetricsDeps) {
    this.#client = client;
    this.#clock = clock;
    this.#nodeName = usage.nodeName;
    this.#containers = new UsageSampler(usage.containers, clock);
    const readMachine: ReadUsage = async (ids) => {
      const read = usage.machine();
      return new Map(read === undefined ? [] : ids.map((id) => [id, read]));
    };
    this.#machine = new UsageSampler(readMachine, clock);
  }

  /** Answers the request where its path is one of the metrics'; false where it is another's. */
  async serve(exchange: Exchange): Promise<boolean> {
    const [, namespace = '', resource, name = ''] = PATH.exec(pathOf(exchange.request)) ?? [];
    if (resource === undefined || (resource === 'nodes' && namespace !== '')) return false;
    if (resource === 'pods' && name !== '' && namespace === '') return false;
    assertRead(exchange);
    const { searchParams: query } = new URL(exchange.request.url ?? '', 'http://server');
    if (['true', '1'].includes(query.get('watch') ?? '')) throw new SampanError('MethodNotAllowed');
    const asked = { namespace: decoded(namespace), name: decoded(name), query };
    const { accept } = exchange.request.headers;
    const body =
      resource === 'nodes'
        ? bodyOf(accept, asked, NODE_METRICS, await this.#nodes(asked, exchange.signal))
        : bodyOf(accept, asked, POD_METRICS, await this.#pods(asked, exchange.signal));
    sendJson(exchange.response, 200, body);
    return true;
  }

  async #nodes(asked: Asked, signal: AbortSignal): Promise<readonly NodeMetrics[]> {
    const nodes = await this.#selected('Node', asked);
    const own = nodes.find(({ metadata }) => metadata.name === this.#nodeName);
    const rates = await this.#machine.rates(own === undefined ? [] : [{ id: this.#nodeName }], signal);
    const rate = rates.get(this.#nodeName);
    return own === undefined || rate === undefined ? [] : [nodeMetrics(own, rate, this.#clock.now())];
  }

  async #pods(asked: Asked, signal: AbortSignal): Promise<readonly PodMetrics[]> {
    const pods = await this.#selected('Pod', asked);
    const running = pods.filter(({ spec, status }) => spec.nodeName === this.#nodeName && status.phase === 'Running');
    const rates = await this.#containers.rates(running.flatMap(runningContainers), signal);
    return running.flatMap((pod) => {
      const containers = runningContainers(pod).flatMap(({ id, name }): ContainerRate[] => {
        const rate = rates.get(id);
        return rate === undefined ? [] : [{ name, rate }];
      });
      return podMetrics(pod, containers, this.#clock.now()) ?? [];
    });
  }

  /** The one of the name, or all that the query selects. NotFound where a name is asked for that is not there. */
  async #selected<K extends 'Node' | 'Pod'>(kind: K, { namespace, name, query }: Asked) {
    if (name !== '') {
      const found = await this.#client.get(kind, { namespace, name });
      if (found === undefined) throw new SampanError('NotFound', { resource: KINDS[kind].plural, name });
      return [found];
    }
    const { items } = await this.#client.list(kind, namespace === '' ? {} : { namespace });
    return items.filter(selectionOf({ info: KINDS[kind], namespace, query }));
  }
}

type Asked = Pick<ResourceRequest, 'namespace' | 'name' | 'query'>;

interface Shape<T> {
  readonly kind: string;
  readonly plural: string;
  readonly columns: readonly Column<T>[];
}

const NODE_METRICS: Shape<NodeMetrics> = { kind: 'NodeMetrics', plural: 'nodes', columns: NODE_METRICS_COLUMNS };
const POD_METRICS: Shape<PodMetrics> = { kind: 'PodMetrics', plural: 'pods', columns: POD_METRICS_COLUMNS };

/** NotFound where one was asked for of which nothing is known. */
function bodyOf<T extends NodeMetrics | PodMetrics>(
  accept: string | undefined,
  { namespace, name, query }: Asked,
  { kind, plural, columns }: Shape<T>,
  found: readonly T[],
): unknown {
  const { as } = negotiate(accept, OFFERS);
  const [one] = found;
  if (name !== '' && one === undefined) {
    throw new SampanError('NotFound', { resource: `${plural}.metrics.k8s.io`, name: formatKey({ namespace, name }) });
  }
  if (as === 'Table') return tableOf(columns, found, { now: 0, include: includeOf(query.get('includeObject')) });
  if (name !== '') return one;
  const items = found.map(({ kind: _kind, apiVersion: _apiVersion, ...rest }) => rest);
  return { kind: `${kind}List`, apiVersion: METRICS_GROUP_VERSION, metadata: {}, items };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new SampanError('BadRequest', { detail: `"${part}" in the path is not encoded right` }, cause);
  }
}

function runningContainers({ status }: Pod): (Subject & { readonly name: string })[] {
  return (status.containerStatuses ?? []).flatMap(({ name, containerID, state }) => {
    if (containerID === undefined || state.running === undefined) return [];
    return [{ name, id: containerID.replace(/^docker:\/\//, ''), startedAt: Date.parse(state.running.startedAt) }];
  });
}
