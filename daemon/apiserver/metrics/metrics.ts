/**
 * Answers `/apis/metrics.k8s.io/v1beta1/...`: what nodes and pods use, for `kubectl top`. Stored nowhere: objects come from the client,
 * numbers from the nodes, at the time of the question. A node that does not answer then is missing.
 */

import { isNodeReady } from '../../../reconcilers/objects/cluster.ts';
import type { Column } from '../../../reconcilers/objects/kinds/entry.ts';
import { KINDS } from '../../../reconcilers/objects/kinds.ts';
import { formatKey } from '../../../reconcilers/objects/meta.ts';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../../reconcilers/ports/object-client.ts';
import { sendJson } from '../../serving/http-exchange.ts';
import type { Exchange } from '../exchange.ts';
import { type MediaType, negotiate } from '../media-types.ts';
import type { Nodes } from '../nodes/nodes.ts';
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
import { containersOf, machineOf, type NodeSubject, readUsage } from './node-usage.ts';
import { UsageSampler } from './usage-sampler.ts';

export interface MetricsDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly nodes: Pick<Nodes, 'summary'>;
}

const META = 'meta.k8s.io';
const JSON_TYPE = { type: 'application/json' };
const TABLES = ['v1', 'v1beta1'].map((v) => ({ ...JSON_TYPE, as: 'Table', g: META, v }));
const OFFERS: readonly MediaType[] = [JSON_TYPE, ...TABLES];

export class Metrics {
  readonly #client: ObjectClient;
  readonly #clock: Clock;
  readonly #usage: UsageSampler<NodeSubject>;

  constructor({ client, clock, nodes }: MetricsDeps) {
    this.#client = client;
    this.#clock = clock;
    this.#usage = new UsageSampler((subjects, signal) => readUsage(nodes, subjects, signal), clock);
  }

  /** Answers the request where its path is one of the metrics'; false where it is another's. */
  async serve(exchange: Exchange): Promise<boolean> {
    const asked = askedOf(exchange);
    if (asked === undefined) return false;
    const { verb } = exchange.attributes;
    if (verb !== 'get' && verb !== 'list') throw new SampanError('MethodNotAllowed');
    const { accept } = exchange.request.headers;
    const body =
      asked.resource === 'nodes'
        ? bodyOf(accept, asked, NODE_METRICS, await this.#nodes(asked, exchange.signal))
        : bodyOf(accept, asked, POD_METRICS, await this.#pods(asked, exchange.signal));
    sendJson(exchange.response, 200, body);
    return true;
  }

  async #nodes(asked: Asked, signal: AbortSignal): Promise<readonly NodeMetrics[]> {
    const nodes = (await this.#selected('Node', asked)).filter(isNodeReady);
    const rates = await this.#usage.rates(nodes.map(machineOf), signal);
    return nodes.flatMap((node) => {
      const rate = rates.get(machineOf(node).id);
      return rate === undefined ? [] : [nodeMetrics(node, rate, this.#clock.now())];
    });
  }

  async #pods(asked: Asked, signal: AbortSignal): Promise<readonly PodMetrics[]> {
    const pods = await this.#selected('Pod', asked);
    const ready = await this.#readyNodes();
    const running = pods.filter(({ spec, status }) => ready.has(spec.nodeName ?? '') && status.phase === 'Running');
    const rates = await this.#usage.rates(running.flatMap(containersOf), signal);
    return running.flatMap((pod) => {
      const containers = containersOf(pod).flatMap(({ id, container }): ContainerRate[] => {
        const rate = rates.get(id);
        return rate === undefined ? [] : [{ name: container, rate }];
      });
      return podMetrics(pod, containers, this.#clock.now()) ?? [];
    });
  }

  async #readyNodes(): Promise<ReadonlySet<string>> {
    const { items } = await this.#client.list('Node');
    return new Set(items.filter(isNodeReady).map(({ metadata }) => metadata.name));
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

interface Asked extends Pick<ResourceRequest, 'namespace' | 'name' | 'query'> {
  readonly resource: 'nodes' | 'pods';
}

/** Undefined where the path is not one of the metrics'. */
function askedOf({ attributes, request }: Exchange): Asked | undefined {
  if (attributes.type !== 'resource' || attributes.subresource !== '') return undefined;
  const { group, version, resource, namespace, verb } = attributes;
  if (`${group}/${version}` !== METRICS_GROUP_VERSION) return undefined;
  // A list of one by its name has that as its name too.
  const name = verb === 'list' ? '' : attributes.name;
  const { searchParams: query } = new URL(request.url ?? '/', 'http://server');
  if (resource === 'nodes' && namespace === '') return { resource, namespace, name, query };
  if (resource === 'pods' && (name === '' || namespace !== '')) return { resource, namespace, name, query };
  return undefined;
}

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
  const { as, v } = negotiate(accept, OFFERS);
  const [one] = found;
  if (name !== '' && one === undefined) {
    throw new SampanError('NotFound', { resource: `${plural}.metrics.k8s.io`, name: formatKey({ namespace, name }) });
  }
  if (as === 'Table') {
    const include = includeOf(query.get('includeObject'));
    return tableOf(columns, found, { apiVersion: `${META}/${v}`, now: 0, metadata: {}, include });
  }
  if (name !== '') return one;
  const items = found.map(({ kind: _kind, apiVersion: _apiVersion, ...rest }) => rest);
  return { kind: `${kind}List`, apiVersion: METRICS_GROUP_VERSION, metadata: {}, items };
}
