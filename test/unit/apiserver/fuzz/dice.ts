/** Choices from a seed, as the fuzzer makes them: the same seed makes the same ones. */
import { SeededRandom } from '../../../fakes/seeded-random.ts';

export class Dice {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    // Neighbouring seeds begin alike.
    for (let i = 0; i < 3; i++) this.#random.next();
  }

  below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  chance(share: number): boolean {
    return this.#random.next() < share;
  }

  one<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** Some of them, in order. */
  some<T>(choices: readonly T[], share: number): T[] {
    return choices.filter(() => this.chance(share));
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}
