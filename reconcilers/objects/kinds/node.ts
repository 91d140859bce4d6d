/** v1 Node. Nodes register themselves; nobody declares them. */
import type { Node } from '../cluster.ts';
import { defaultObject } from '../defaulting.ts';
import { objectAt } from '../json.ts';
import { validateTaints } from '../validation-taints.ts';
import { AGE, joined, NAME, NONE } from './common-columns.ts';
import { defineKind } from './entry.ts';

const ROLE_LABEL = 'node-role.kubernetes.io/';

export const nodeKind = defineKind<Node>({
  kind: 'Node',
  plural: 'nodes',
  storePath: 'minions',
  shortNames: ['no'],
  namespaced: false,
  declarable: false,
  hasStatus: true,
  selectableFields: ['spec.unschedulable'],
  setDefaults: (node) => {
    defaultObject(node, 'spec');
    defaultObject(node, 'status');
  },
  validate: (node) => validateTaints(objectAt(node, 'spec') ?? {}, 'spec.taints'),
  columns: [
    NAME,
    { name: 'Status', cell: statusOf },
    { name: 'Roles', cell: rolesOf },
    AGE,
    { name: 'Version', cell: (node) => node.status.nodeInfo?.kubeletVersion ?? '' },
    { name: 'Internal-IP', wide: true, cell: (node) => addressOf(node, 'InternalIP') },
    { name: 'External-IP', wide: true, cell: (node) => addressOf(node, 'ExternalIP') },
    { name: 'OS-Image', wide: true, cell: (node) => node.status.nodeInfo?.osImage ?? '<unknown>' },
    { name: 'Kernel-Version', wide: true, cell: (node) => node.status.nodeInfo?.kernelVersion ?? '<unknown>' },
    {
      name: 'Container-Runtime',
      wide: true,
      cell: (node) => node.status.nodeInfo?.containerRuntimeVersion ?? '<unknown>',
    },
  ],
});

function statusOf(node: Node): string {
  const ready = node.status.conditions?.find((condition) => condition.type === 'Ready')?.status;
  const word = ready === 'True' ? 'Ready' : ready === undefined ? 'Unknown' : 'NotReady';
  return node.spec.unschedulable ? `${word},SchedulingDisabled` : word;
}

function rolesOf(node: Node): string {
  const labels = Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(ROLE_LABEL));
  return joined(labels.map((label) => label.slice(ROLE_LABEL.length)).sort());
}

function addressOf(node: Node, type: string): string {
  return node.status.addresses?.find((candidate) => candidate.type === type)?.address ?? NONE;
}
