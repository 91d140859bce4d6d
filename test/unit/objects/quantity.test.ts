import assert from 'node:assert/strict';
import {
  canonicalQuantity,
  compareQuantities,
  parseQuantity,
  quantityMilliValue,
  quantityValue,
} from '../../../reconcilers/objects/quantity.ts';

describe('quantities', () => {
  // Written, canonical, whole units rounded up, thousandths rounded up.
  const table: [string, string, number, number][] = [
    ['0', '0', 0, 0],
    ['1', '1', 1, 1000],
    ['+1', '1', 1, 1000],
    ['-1.5', '-1500m', -1, -1500],
    ['0.5', '500m', 1, 500],
    ['.5', '500m', 1, 500],
    ['5.', '5', 5, 5000],
    ['500m', '500m', 1, 500],
    ['1000m', '1', 1, 1000],
    ['1500m', '1500m', 2, 1500],
    ['100u', '100u', 1, 1],
    ['1n', '1n', 1, 1],
    ['0.1n', '1n', 1, 1],
    ['1k', '1k', 1000, 1e6],
    ['1500', '1500', 1500, 1.5e6],
    ['1000', '1k', 1000, 1e6],
    ['64Mi', '64Mi', 64 * 2 ** 20, 64 * 2 ** 20 * 1000],
    ['1024Mi', '1Gi', 2 ** 30, 2 ** 30 * 1000],
    ['1.5Gi', '1536Mi', 1.5 * 2 ** 30, 1.5 * 2 ** 30 * 1000],
    ['0.5Ki', '512', 512, 512000],
    ['0.1Ki', '102400m', 103, 102400],
    ['1e3', '1e3', 1000, 1e6],
    ['1E3', '1e3', 1000, 1e6],
    ['12e-1', '1200e-3', 2, 1200],
    ['1E', '1E', 1e18, 1e21],
    ['100M', '100M', 1e8, 1e11],
  ];
  for (const [written, canonical, value, milli] of table) {
    it(`${written} is ${canonical}`, () => {
      assert.equal(canonicalQuantity(written), canonical);
      assert.equal(canonicalQuantity(canonical), canonical);
      assert.equal(quantityValue(written), value);
      assert.equal(quantityMilliValue(written), milli);
    });
  }

  for (const text of ['', '.', '-', 'Mi', '1 Mi', '1mi', '1KI', '1.2.3', '0x10', '1e', '1e1234', 'Infinity', '１']) {
    it(`${JSON.stringify(text)} is none`, () => assert.equal(parseQuantity(text), undefined));
  }

  it('compares across suffixes', () => {
    assert.ok(compareQuantities('1', '999m') > 0);
    assert.ok(compareQuantities('1Gi', '1G') > 0);
    assert.equal(compareQuantities('0.5', '500m'), 0);
    assert.ok(compareQuantities('-1', '0') < 0);
  });

  it('caps what no machine has', () => {
    assert.equal(quantityValue('1e900'), Number(2n ** 63n - 1n));
  });
});
