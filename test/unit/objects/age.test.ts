import assert from 'node:assert/strict';
import { humanDuration } from '../../../reconcilers/objects/age.ts';

describe('ages, as kubectl writes them', () => {
  const cases: [number, string][] = [
    [5, '5s'],
    [119, '119s'],
    [130, '2m10s'],
    [599, '9m59s'],
    [1_020, '17m'],
    [11_100, '3h5m'],
    [32_400, '9h'],
    [183_600, '2d3h'],
    [12 * 86_400, '12d'],
    [800 * 86_400, '2y70d'],
  ];
  for (const [seconds, text] of cases) it(text, () => assert.equal(humanDuration(seconds * 1000), text));
});
