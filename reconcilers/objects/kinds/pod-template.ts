/** v1 PodTemplate: a template by itself. Nothing is made from it here; clients keep templates in it. */
import { defaultObject } from '../defaulting.ts';
import { required } from '../field-error.ts';
import { objectAt } from '../json.ts';
import type { KubeObject } from '../meta.ts';
import type { PodTemplateSpec } from '../pod.ts';
import { defaultPodSpec } from '../pod-defaults.ts';
import { validateNoneInTemplate } from '../validation-ephemeral.ts';
import { validateAnnotations, validateLabels } from '../validation-metadata.ts';
import { validatePodSpec } from '../validation-pod.ts';
import { AGE, joined, NAME, pairs } from './common-columns.ts';
import { defineKind } from './entry.ts';

export interface PodTemplate extends KubeObject {
  apiVersion: 'v1';
  kind: 'PodTemplate';
  template: PodTemplateSpec;
}

export const podTemplateKind = defineKind<PodTemplate>({
  kind: 'PodTemplate',
  plural: 'podtemplates',
  answersDeleted: true,
  setDefaults: (object) => {
    const template = objectAt(object, 'template');
    if (template === undefined) return;
    defaultObject(template, 'metadata');
    defaultPodSpec(defaultObject(template, 'spec'));
  },
  validate: (object) => {
    const template = objectAt(object, 'template');
    if (template === undefined) return [required('template')];
    const metadata = objectAt(template, 'metadata');
    return [
      ...validateLabels(metadata?.labels, 'template.metadata.labels'),
      ...validateAnnotations(metadata?.annotations, 'template.metadata.annotations'),
      ...validatePodSpec(objectAt(template, 'spec') ?? {}, 'template.spec', 'Pod'),
      ...validateNoneInTemplate(objectAt(template, 'spec') ?? {}, 'template.spec'),
    ];
  },
  columns: [
    NAME,
    { name: 'Containers', cell: ({ template }) => joined(template.spec.containers.map(({ name }) => name)) },
    { name: 'Images', cell: ({ template }) => joined(template.spec.containers.map(({ image }) => image)) },
    { name: 'Pod Labels', cell: ({ template }) => pairs(template.metadata.labels) },
    AGE,
  ],
});
