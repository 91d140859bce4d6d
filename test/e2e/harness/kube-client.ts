/**
 * A client of the daemon's Kubernetes REST paths over its unix socket, for tests that look at and change objects without
 * kubectl. It knows paths and verbs only: objects go in and out as plain JSON.
 */
import { createInterface } from 'node:readline';
import { socketClient } from './socket-request.ts';

/** As much of an object as every kind has; a test asserts on the rest. */
export interface KubeObject {
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly deletionTimestamp?: string;
  };
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into any kind's fields, and a wrong guess fails them
  readonly [field: string]: any;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject;
}

/** Paths are as Kubernetes has them, such as `/api/v1/namespaces/default/pods/upper-x7k2p`. All throw UnexpectedStatus. */
export interface KubeClient {
  get(path: string): Promise<KubeObject>;
  list(path: string): Promise<KubeObject[]>;
  create(path: string, object: object): Promise<KubeObject>;
  replace(path: string, object: object): Promise<KubeObject>;
  /** A JSON merge patch (RFC 7386). */
  patch(path: string, patch: object): Promise<KubeObject>;
  delete(path: string): Promise<void>;
  /** Events from `resourceVersion` on (from now without it), until the caller stops reading. */
  watch(path: string, resourceVersion?: string): AsyncGenerator<WatchEvent, void>;
  close(): void;
}

export function kubeClient(socketPath: string): KubeClient {
  const socket = socketClient(socketPath);
  return {
    get: (path) => socket.send({ path }),
    list: async (path) => (await socket.send<{ items: KubeObject[] }>({ path })).items,
    create: (path, body) => socket.send({ method: 'POST', path, body }),
    replace: (path, body) => socket.send({ method: 'PUT', path, body }),
    patch: (path, body) => socket.send({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' }),
    delete: async (path) => {
      await socket.send({ method: 'DELETE', path });
    },
    async *watch(path, resourceVersion) {
      const from = resourceVersion === undefined ? '' : `&resourceVersion=${resourceVersion}`;
      const stream = await socket.open({ path: `${path}?watch=1${from}` });
      try {
        for await (const line of createInterface(stream)) yield JSON.parse(line) as WatchEvent;
      } finally {
        stream.destroy();
      }
    },
    close: () => socket.close(),
  };
}
