/** Who answers probes over the network in a test: by port, whatever the host. Nobody listens on the others. */
import type {
  HttpAnswer,
  HttpTarget,
  NetworkTarget,
  ProbeAnswer,
  ProbeLimits,
  Prober,
} from '../../reconcilers/ports/prober.ts';

export interface AskedProbe extends NetworkTarget {
  readonly kind: 'http' | 'tcp' | 'grpc';
  readonly at?: HttpTarget;
  readonly service?: string;
}

/** `never`: the connection is taken, and no answer comes. */
export type FakeAnswer = HttpAnswer | 'never';

export class FakeProber implements Prober {
  readonly answers = new Map<number, FakeAnswer>();
  /** Newest last. */
  readonly asked: AskedProbe[] = [];

  /** A server that answers so from now on. */
  listen(port: number, answer: FakeAnswer = { outcome: 'success', output: '', status: 200 }): void {
    this.answers.set(port, answer);
  }

  http(target: HttpTarget, limits: ProbeLimits): Promise<HttpAnswer> {
    return this.#ask({ kind: 'http', host: target.host, port: target.port, at: target }, limits);
  }

  tcp(target: NetworkTarget, limits: ProbeLimits): Promise<ProbeAnswer> {
    return this.#ask({ kind: 'tcp', ...target }, limits);
  }

  grpc(target: NetworkTarget, service: string, limits: ProbeLimits): Promise<ProbeAnswer> {
    return this.#ask({ kind: 'grpc', ...target, service }, limits);
  }

  async #ask(asked: AskedProbe, { signal }: ProbeLimits): Promise<HttpAnswer> {
    signal.throwIfAborted();
    this.asked.push(asked);
    const { host, port } = asked;
    const refused = `dial tcp ${host}:${port}: connect: connection refused`;
    const answer = this.answers.get(port) ?? { outcome: 'failure', output: refused };
    if (answer !== 'never') return answer;
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  }
}
