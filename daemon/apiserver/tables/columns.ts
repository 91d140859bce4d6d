/** The columns of every kind, as `kubectl get` shows them: the table of tables. Pure. */
import type { Node } from '../../../reconcilers/objects/cluster.ts';
import type { Kind } from '../../../reconcilers/objects/kinds.ts';
import { formatMapSelector } from '../../../reconcilers/objects/selector.ts';
import { age } from '../age.ts';
import { POD_COLUMNS } from './pod-columns.ts';
import { ENDPOINTS_COLUMNS, SERVICE_COLUMNS } from './service-columns.ts';
import { type Columns, NONE } from './table.ts';

const ROLE_LABEL = 'node-role.kubernetes.io/';

export const COLUMNS: { readonly [K in Kind]: Columns<K> } = {
  Pod: POD_COLUMNS,
  Service: SERVICE_COLUMNS,
  Endpoints: ENDPOINTS_COLUMNS,
  ReplicationController: [
    { name: 'Name', cell: (rc) => rc.metadata.name },
    { name: 'Desired', type: 'integer', cell: (rc) => rc.spec.replicas },
    { name: 'Current', type: 'integer', cell: (rc) => rc.status.replicas },
    { name: 'Ready', type: 'integer', cell: (rc) => rc.status.readyReplicas ?? 0 },
    { name: 'Age', cell: (rc, now) => age(rc.metadata.creationTimestamp, now) },
    { name: 'Containers', wide: true, cell: (rc) => rc.spec.template.spec.containers.map((c) => c.name).join(',') },
    { name: 'Images', wide: true, cell: (rc) => rc.spec.template.spec.containers.map((c) => c.image).join(',') },
    { name: 'Selector', wide: true, cell: (rc) => formatMapSelector(rc.spec.selector) },
  ],
  Namespace: [
    { name: 'Name', cell: (namespace) => namespace.metadata.name },
    { name: 'Status', cell: (namespace) => namespace.status.phase },
    { name: 'Age', cell: (namespace, now) => age(namespace.metadata.creationTimestamp, now) },
  ],
  Node: [
    { name: 'Name', cell: (node) => node.metadata.name },
    { name: 'Status', cell: nodeStatus },
    { name: 'Roles', cell: roles },
    { name: 'Age', cell: (node, now) => age(node.metadata.creationTimestamp, now) },
    { name: 'Version', cell: (node) => node.status.nodeInfo?.kubeletVersion ?? '' },
    { name: 'Internal-IP', wide: true, cell: (node) => address(node, 'InternalIP') },
    { name: 'External-IP', wide: true, cell: (node) => address(node, 'ExternalIP') },
    { name: 'OS-Image', wide: true, cell: (node) => node.status.nodeInfo?.osImage ?? '<unknown>' },
    { name: 'Kernel-Version', wide: true, cell: (node) => node.status.nodeInfo?.kernelVersion ?? '<unknown>' },
    {
      name: 'Container-Runtime',
      wide: true,
      cell: (node) => node.status.nodeInfo?.containerRuntimeVersion ?? '<unknown>',
    },
  ],
  Event: [
    { name: 'Last Seen', cell: (event, now) => age(event.lastTimestamp, now) },
    { name: 'Type', cell: (event) => event.type },
    { name: 'Reason', cell: (event) => event.reason },
    { name: 'Object', cell: (event) => `${event.involvedObject.kind.toLowerCase()}/${event.involvedObject.name}` },
    { name: 'Subobject', wide: true, cell: (event) => event.involvedObject.fieldPath ?? '' },
    {
      name: 'Source',
      wide: true,
      cell: ({ source }) => [source.component, source.host].filter(Boolean).join(', '),
    },
    { name: 'Message', cell: (event) => event.message.trim() },
    { name: 'First Seen', wide: true, cell: (event, now) => age(event.firstTimestamp, now) },
    { name: 'Count', wide: true, type: 'integer', cell: (event) => event.count },
    { name: 'Name', wide: true, cell: (event) => event.metadata.name },
  ],
  Lease: [
    { name: 'Name', cell: (lease) => lease.metadata.name },
    { name: 'Holder', cell: (lease) => lease.spec.holderIdentity ?? '' },
    { name: 'Age', cell: (lease, now) => age(lease.metadata.creationTimestamp, now) },
  ],
  Source: [
    { name: 'Name', cell: (source) => source.metadata.name },
    { name: 'Location', cell: (source) => source.spec.location },
    { name: 'Revision', cell: (source) => (source.status.appliedRevision ?? NONE).slice(0, 14) },
    {
      name: 'Ready',
      cell: (source) => source.status.conditions.find((c) => c.type === 'Ready')?.status ?? 'Unknown',
    },
    { name: 'Applied', cell: (source, now) => age(source.status.appliedAt, now) },
    {
      name: 'Message',
      wide: true,
      cell: (source) => source.status.conditions.find((c) => c.type === 'Ready')?.message ?? '',
    },
  ],
};

function nodeStatus(node: Node): string {
  const ready = node.status.conditions?.find((condition) => condition.type === 'Ready')?.status;
  const word = ready === 'True' ? 'Ready' : ready === undefined ? 'Unknown' : 'NotReady';
  return node.spec.unschedulable ? `${word},SchedulingDisabled` : word;
}

function roles(node: Node): string {
  const names = Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(ROLE_LABEL));
  return names.length === 0
    ? NONE
    : names
        .map((label) => label.slice(ROLE_LABEL.length))
        .sort()
        .join(',');
}

function address(node: Node, type: string): string {
  return node.status.addresses?.find((candidate) => candidate.type === type)?.address ?? NONE;
}
