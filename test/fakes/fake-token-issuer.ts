/** Tokens that say what they were asked for, each with a number; they live as long as is asked. */
import type { Clock } from '../../reconcilers/ports/clock.ts';
import type { IssuedToken, TokenIssuer, TokenRequest } from '../../reconcilers/ports/token-issuer.ts';

export class FakeTokenIssuer implements TokenIssuer {
  readonly #clock: Clock;
  readonly requests: TokenRequest[] = [];
  /** Set, every request fails with it. */
  refusal: Error | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async issue(request: TokenRequest): Promise<IssuedToken> {
    if (this.refusal !== undefined) throw this.refusal;
    this.requests.push(request);
    const { namespace, serviceAccount, pod, expirationSeconds } = request;
    return {
      token: `${namespace}:${serviceAccount}:${pod.name}:${this.requests.length}`,
      expiresAt: this.#clock.now() + expirationSeconds * 1000,
    };
  }
}
