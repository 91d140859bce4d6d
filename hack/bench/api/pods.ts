/** The pods that the API is measured with: about 3 kB each as JSON, spread over ten namespaces' worth of labels, bound to one node. */
import type { JsonObject } from '../../../reconcilers/objects/json.ts';

export const NODE = 'bench';
export const PODS = '/api/v1/namespaces/default/pods';

export function podNamed(name: string): JsonObject {
  const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    type,
    status: 'True',
    lastTransitionTime: '2026-01-02T03:04:05Z',
  }));
  const env = Array.from({ length: 12 }, (_, i) => ({
    name: `SETTING_${i}`,
    value: `the value of setting number ${i}`,
  }));
  const container = (app: string) => ({
    name: app,
    image: `registry.example.com/team/${app}:1.2.3`,
    command: [`/usr/local/bin/${app}`],
    args: ['--listen=0.0.0.0:8080', '--log-level=info', '--workers=4'],
    ports: [{ name: `${app}-http`, containerPort: app === 'web' ? 8080 : 9090 }],
    env,
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
  });
  const running = (app: string) => ({
    name: app,
    image: `registry.example.com/team/${app}:1.2.3`,
    imageID: `docker-pullable://registry.example.com/team/${app}@sha256:${'0123456789abcdef'.repeat(4)}`,
    containerID: `docker://${'fedcba9876543210'.repeat(4)}`,
    ready: true,
    restartCount: 0,
    state: { running: { startedAt: '2026-01-02T03:04:05Z' } },
    lastState: {},
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      labels: { app: 'web', 'pod-template-hash': 'abcdef', tier: 'front' },
      annotations: { 'example.com/note': 'x'.repeat(100) },
    },
    spec: { nodeName: NODE, containers: [container('web'), container('sidecar')] },
    status: {
      phase: 'Running',
      hostIP: '10.0.0.1',
      podIP: '10.1.0.1',
      startTime: '2026-01-02T03:04:05Z',
      conditions,
      containerStatuses: [running('web'), running('sidecar')],
    },
  };
}

export function podName(index: number): string {
  return `web-${String(index).padStart(5, '0')}`;
}
