/**
 * Containers that are none: the fake runtime of the tests, in which a start takes about as long as Docker takes. It forgets what it was
 * asked, for it is asked for hours.
 */
import { type Clock, sleep } from '../../reconcilers/ports/clock.ts';
import type { ContainerRecord } from '../../reconcilers/ports/container-runtime.ts';
import type { Random } from '../../reconcilers/ports/random.ts';
import { FakeRuntime } from '../../test/fakes/fake-runtime.ts';

const START_MS = { least: 50, most: 250 };

export class HollowRuntime extends FakeRuntime {
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(deps: { readonly clock: Clock; readonly random: Random }) {
    super(deps);
    this.#clock = deps.clock;
    this.#random = deps.random;
  }

  override async start(id: string): Promise<ContainerRecord> {
    const { least, most } = START_MS;
    await sleep(this.#clock, least + this.#random.next() * (most - least));
    this.calls.length = 0;
    return super.start(id);
  }
}
