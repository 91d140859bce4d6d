/** The v1 ReplicationController after defaulting. */
import type { Condition, KubeObject } from './meta.ts';
import type { PodTemplateSpec } from './pod.ts';

export interface ReplicationController extends KubeObject {
  apiVersion: 'v1';
  kind: 'ReplicationController';
  spec: {
    replicas: number;
    minReadySeconds?: number;
    selector: Record<string, string>;
    template: PodTemplateSpec;
  };
  status: {
    replicas: number;
    fullyLabeledReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    observedGeneration?: number;
    conditions?: Condition[];
  };
}
