/** The lowest OOM score a machine allows. */
import assert from 'node:assert/strict';
import { leastOomScoreAdj } from '../../../reconcilers/kubelet/oom-limit.ts';

describe('the least OOM score', () => {
  it('is the least there is with CAP_SYS_RESOURCE', () => {
    assert.equal(leastOomScoreAdj('Name:\tnode\nCapEff:\t000001ffffffffff\n', '0\n'), -1000);
  });

  it("is the daemon's own without it, or where nothing is known", () => {
    assert.equal(leastOomScoreAdj('CapEff:\t000001fffeffffff\n', '200\n'), 200);
    assert.equal(leastOomScoreAdj('', ''), 0);
  });
});
