/** What the cluster's names and addresses stand for: every question of golden/names.yaml, over the objects of golden/cluster.yaml. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, loadAll } from 'js-yaml';
import { TCP_LIMIT } from '../../../daemon/dns/answer.ts';
import { PreparedAnswer } from '../../../daemon/dns/prepared-answer.ts';
import { Resolver } from '../../../daemon/dns/resolver.ts';
import { ClusterObjects, NAMED_KINDS } from '../../../daemon/dns/zone/cluster-objects.ts';
import { ClusterZone } from '../../../daemon/dns/zone/cluster-zone.ts';
import { ReverseZone } from '../../../daemon/dns/zone/reverse-zone.ts';
import { parseIpv4Range } from '../../../reconcilers/kit/registry/ipv4-range.ts';
import type { KubeObject } from '../../../reconcilers/objects/meta.ts';
import { fixedCache } from '../../fakes/fixed-cache.ts';
import { question, shown } from './dns-client.ts';

const read = (name: string) => readFileSync(join(import.meta.dirname, 'golden', name), 'utf8');
const names = load(read('names.yaml')) as Record<string, Record<string, string[]>>;
const USUAL_SOA = 'cluster.local 5 SOA ns.dns.cluster.local hostmaster.cluster.local 7 5';

/** Everybody else knows one name. */
const ELSEWHERE = new PreparedAnswer({
  rcode: 0,
  authoritative: true,
  answers: [{ type: 'A', name: 'www.example.com', ttl: 60, data: '192.0.2.80' }],
});

describe("the cluster's names", () => {
  let resolver: Resolver;
  before(async () => {
    const cache = await fixedCache(NAMED_KINDS, loadAll(read('cluster.yaml')) as KubeObject[]);
    const objects = new ClusterObjects(cache);
    const clusterDomain = 'cluster.local';
    const ranges = ['10.96.0.0/16', '10.244.0.0/24'].map(parseIpv4Range);
    resolver = new Resolver({
      zones: [
        new ClusterZone(objects, { clusterDomain, clusterDns: '10.96.0.10' }),
        new ReverseZone(objects, { clusterDomain, ranges }),
      ],
      forward: () => ELSEWHERE,
    });
  });

  const ask = (text: string) => {
    const reply = resolver.reply(question(text), () => TCP_LIMIT);
    assert.ok(Buffer.isBuffer(reply));
    const { code, answers, authorities, additionals } = shown(reply);
    const others = authorities.filter((line) => line !== USUAL_SOA);
    const isNothing = answers.every((line) => / CNAME /.test(line)) && /^(NOERROR|NXDOMAIN) aa$/.test(code);
    if (isNothing && !text.endsWith(' CNAME')) assert.equal(authorities.length, 1, 'the SOA record is beside it');
    return [
      code,
      ...answers,
      ...(others.length > 0 ? ['authority', ...others] : []),
      ...(additionals.length > 0 ? ['additional', ...additionals] : []),
    ];
  };

  for (const [title, cases] of Object.entries(names)) {
    it(title, () => {
      for (const [asked, expected] of Object.entries(cases)) assert.deepEqual(ask(asked), expected, asked);
    });
  }

  it('are the same in whatever case they are asked for, and come back in it', () => {
    assert.deepEqual(ask('wEb.DEFAULT.svc.Cluster.LOCAL A'), [
      'NOERROR aa',
      'wEb.DEFAULT.svc.Cluster.LOCAL 5 A 10.96.0.20',
    ]);
    assert.deepEqual(ask('WEB.default.SVC.cluster.local A'), [
      'NOERROR aa',
      'WEB.default.SVC.cluster.local 5 A 10.96.0.20',
    ]);
  });

  it('take turns at being the first address', () => {
    const firsts = Array.from({ length: 6 }, () => ask('DB.shop.svc.cluster.local A')[1]);
    assert.equal(new Set(firsts).size, 3);
    assert.deepEqual(firsts.slice(0, 3), firsts.slice(3));
  });
});
