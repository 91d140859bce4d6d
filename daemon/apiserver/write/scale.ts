/**
 * `replicationcontrollers/scale`: how many replicas there are and shall be, as an autoscaling/v1 Scale, for whoever need not know more of
 * what it scales. Pure; a view of the write path.
 */
import type { FieldError } from '../../../reconcilers/objects/field-error.ts';
import { AGE, NAME } from '../../../reconcilers/objects/kinds/common-columns.ts';
import type { Column } from '../../../reconcilers/objects/kinds/entry.ts';
import type { KubeObject } from '../../../reconcilers/objects/meta.ts';
import type { ReplicationController } from '../../../reconcilers/objects/replication-controller.ts';
import { formatMapSelector } from '../../../reconcilers/objects/selector.ts';
import { notNegative } from '../../../reconcilers/objects/validation-pod.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';

export interface Scale extends KubeObject {
  apiVersion: 'autoscaling/v1';
  kind: 'Scale';
  spec: { replicas: number };
  status: {
    replicas: number;
    /** As in a query: `app=web`. */
    selector: string;
  };
}

/** Of the controller whose scale it is. */
export const SCALE_COLUMNS: readonly Column<ReplicationController>[] = [
  NAME,
  { name: 'Desired', type: 'integer', cell: ({ spec }) => spec.replicas },
  { name: 'Available', type: 'integer', cell: ({ status }) => status.replicas },
  AGE,
];

export function scaleOf({ metadata, spec, status }: ReplicationController): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace !== undefined && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.replicas },
    status: { replicas: status.replicas, selector: formatMapSelector(spec.selector) },
  };
}

/** `controller` with as many replicas as `scale` wishes; none are said by leaving them out. Invalid where they are negative. */
export function withScale(controller: ReplicationController, scale: Partial<Scale>): ReplicationController {
  const { replicas = 0 } = scale.spec ?? {};
  const problems: FieldError[] = notNegative(replicas, 'spec.replicas');
  if (problems.length > 0) {
    const { name } = controller.metadata;
    throw new SampanError('Invalid', { kind: 'Scale.autoscaling', name, detail: String(problems[0]), problems });
  }
  return { ...controller, spec: { ...controller.spec, replicas } };
}
