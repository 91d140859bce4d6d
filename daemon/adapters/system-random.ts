/** The operating system's randomness. */
import { randomInt, randomUUID } from 'node:crypto';
import type { Random } from '../../reconcilers/ports/random.ts';

const STEPS = 2 ** 47;

export const systemRandom: Random = {
  next: () => randomInt(STEPS) / STEPS,
  uuid: () => randomUUID(),
};
