import assert from 'node:assert/strict';
import type { Event, Node } from '../../../reconcilers/objects/cluster.ts';
import { matchesFieldSelector, parseFieldSelector } from '../../../reconcilers/objects/field-selector.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import {
  formatMapSelector,
  matchesLabelSelector,
  matchesMapSelector,
  parseLabelSelector,
  SelectorSyntaxError,
} from '../../../reconcilers/objects/selector.ts';

describe('label selectors', () => {
  const labels = { app: 'web', tier: 'front', 'example.com/weight': '10', empty: '' };
  const table: [string, boolean][] = [
    ['', true],
    ['app=web', true],
    ['app==web', true],
    [' app = web , tier=front', true],
    ['app=db', false],
    ['app!=db', true],
    ['app!=web', false],
    ['missing!=x', true],
    ['app in (web, db)', true],
    ['app in(db)', false],
    ['app notin (db,cache)', true],
    ['missing notin (a)', true],
    ['missing in (a)', false],
    ['app', true],
    ['missing', false],
    ['!missing', true],
    ['! app', false],
    ['empty=', true],
    ['empty in ()', false],
    ['empty in (,a)', true],
    ['app=,tier=front', false],
    ['example.com/weight>9', true],
    ['example.com/weight<10', false],
    ['app>1', false],
    ['toString', false],
    ['!constructor', true],
  ];
  for (const [text, expected] of table) {
    it(`"${text}" ${expected ? 'matches' : 'does not match'}`, () => {
      assert.equal(matchesLabelSelector(parseLabelSelector(text), labels), expected);
    });
  }

  for (const text of ['=a', 'a=b=c', 'a b', 'a in', 'a in (b', 'a,', ',a', 'a in b', '!', 'a > x', '(a)', 'a!!b']) {
    it(`"${text}" is refused`, () => assert.throws(() => parseLabelSelector(text), SelectorSyntaxError));
  }

  it('says what it expected', () => {
    assert.throws(() => parseLabelSelector('app in web'), {
      message: `unable to parse label selector "app in web": found 'web', expected '('`,
    });
  });

  it('of a map needs all pairs, and an empty one selects nothing', () => {
    assert.equal(matchesMapSelector({ app: 'web' }, labels), true);
    assert.equal(matchesMapSelector({ app: 'web', tier: 'back' }, labels), false);
    assert.equal(matchesMapSelector({}, labels), false);
    assert.equal(matchesMapSelector(undefined, labels), false);
    assert.equal(matchesMapSelector({ app: 'web' }, undefined), false);
    assert.equal(formatMapSelector({ tier: 'front', app: 'web' }), 'app=web,tier=front');
  });
});

describe('field selectors', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-1', namespace: 'default' },
    spec: { nodeName: 'one', containers: [] },
    status: { phase: 'Running' },
  } as unknown as Pod;
  const table: [string, boolean][] = [
    ['', true],
    ['metadata.name=web-1', true],
    ['metadata.name==web-1,metadata.namespace=default', true],
    ['spec.nodeName!=two', true],
    ['spec.nodeName=', false],
    ['status.phase!=Running', false],
    ['status.podIP=', true],
    ['spec.hostNetwork=false', true],
    ['metadata.name=web\\-1', true],
    ['metadata.name=a\\,b', false],
  ];
  for (const [text, expected] of table) {
    it(`"${text}" ${expected ? 'matches' : 'does not match'}`, () => {
      assert.equal(matchesFieldSelector(parseFieldSelector('Pod', text), pod), expected);
    });
  }

  it('knows the special ones', () => {
    const event = { source: { component: 'kubelet' }, metadata: {} } as unknown as Event;
    assert.equal(matchesFieldSelector(parseFieldSelector('Event', 'source=kubelet'), event), true);
    const node = { spec: {}, metadata: {} } as unknown as Node;
    assert.equal(matchesFieldSelector(parseFieldSelector('Node', 'spec.unschedulable=false'), node), true);
  });

  it('refuses other fields as Kubernetes does', () => {
    assert.throws(() => parseFieldSelector('Pod', 'spec.image=x'), {
      message: 'field label not supported: spec.image',
    });
    assert.throws(() => parseFieldSelector('Pod', 'spec.nodeName'), SelectorSyntaxError);
  });
});
