/** v1 ReplicationController. */
import { defaultObject, isEmpty, setDefault } from '../defaulting.ts';
import { type FieldError, invalid, required } from '../field-error.ts';
import { copyJson, type JsonObject, objectAt } from '../json.ts';
import { defaultPodSpec } from '../pod-defaults.ts';
import type { ReplicationController } from '../replication-controller.ts';
import { formatMapSelector, matchesMapSelector } from '../selector.ts';
import { validateUpdateStrategy } from '../update-strategy.ts';
import { validateNoneInTemplate } from '../validation-ephemeral.ts';
import { validateAnnotations, validateLabels } from '../validation-metadata.ts';
import { notNegative, validatePodSpec } from '../validation-pod.ts';
import { AGE, joined, NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';

export const replicationControllerKind = defineKind<ReplicationController>({
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  storePath: 'controllers',
  shortNames: ['rc'],
  categories: ['all'],
  hasStatus: true,
  selectableFields: ['status.replicas'],
  setDefaults: (controller) => {
    const spec = defaultObject(controller, 'spec');
    setDefault(spec, 'replicas', 1);
    const template = objectAt(spec, 'template');
    const labels = objectAt(objectAt(template, 'metadata'), 'labels');
    if (labels !== undefined) {
      if (isEmpty(spec.selector)) spec.selector = copyJson(labels);
      const metadata = objectAt(controller, 'metadata') ?? {};
      if (isEmpty(metadata.labels)) metadata.labels = copyJson(labels);
    }
    if (template !== undefined) {
      defaultObject(template, 'metadata');
      defaultPodSpec(defaultObject(template, 'spec'));
    }
    setDefault(defaultObject(controller, 'status'), 'replicas', 0);
  },
  validate: validateReplicationController,
  columns: [
    NAME,
    { name: 'Desired', type: 'integer', cell: (rc) => rc.spec.replicas },
    { name: 'Current', type: 'integer', cell: (rc) => rc.status.replicas },
    { name: 'Ready', type: 'integer', cell: (rc) => rc.status.readyReplicas ?? 0 },
    AGE,
    { name: 'Containers', wide: true, cell: (rc) => joined(rc.spec.template.spec.containers.map(({ name }) => name)) },
    { name: 'Images', wide: true, cell: (rc) => joined(rc.spec.template.spec.containers.map(({ image }) => image)) },
    { name: 'Selector', wide: true, cell: (rc) => formatMapSelector(rc.spec.selector) },
  ],
});

function validateReplicationController(controller: JsonObject): FieldError[] {
  const spec = objectAt(controller, 'spec') ?? {};
  const template = objectAt(spec, 'template');
  const selector = objectAt(spec, 'selector') ?? {};
  const errors = [
    ...validateUpdateStrategy(strings(objectAt(objectAt(controller, 'metadata'), 'annotations') ?? {})),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(spec.replicas, 'spec.replicas'),
    ...(Object.keys(selector).length === 0 ? [required('spec.selector')] : validateLabels(selector, 'spec.selector')),
  ];
  if (template === undefined) return [...errors, required('spec.template')];
  const metadata = objectAt(template, 'metadata');
  const labels = objectAt(metadata, 'labels') ?? {};
  if (Object.keys(selector).length > 0 && !matchesMapSelector(strings(selector), strings(labels))) {
    const detail = '`selector` does not match template `labels`';
    errors.push(invalid('spec.template.metadata.labels', labels, detail));
  }
  return [
    ...errors,
    ...validateLabels(labels, 'spec.template.metadata.labels'),
    ...validateAnnotations(metadata?.annotations, 'spec.template.metadata.annotations'),
    ...validatePodSpec(objectAt(template, 'spec') ?? {}, 'spec.template.spec', 'ReplicationController'),
    ...validateNoneInTemplate(objectAt(template, 'spec') ?? {}, 'spec.template.spec'),
  ];
}

function strings(map: JsonObject): Record<string, string> {
  return map as Record<string, string>;
}
