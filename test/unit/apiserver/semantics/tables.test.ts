/** Tables of every kind, made of the least that may be stored: a printed list must never fail for what somebody left out. */
import assert from 'node:assert/strict';
import { ALL_KINDS, type Kind, type KindInfo } from '../../../../reconcilers/objects/kinds.ts';
import { type HttpBed, startHttpBed } from '../http-bed.ts';
import { controller, pod } from './sample-objects.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** What a kind insists on beyond a name. */
const LEAST: Partial<Record<Kind, object>> = {
  Pod: { spec: pod('a').spec },
  ReplicationController: { spec: controller('a').spec },
  Service: { spec: { ports: [{ port: 80 }] } },
  EndpointSlice: { addressType: 'IPv4', endpoints: [] },
  Event: { involvedObject: {} },
  PersistentVolume: {
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } },
  },
  PersistentVolumeClaim: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  PodTemplate: { template: controller('a').spec.template },
  LimitRange: { spec: { limits: [] } },
  PodDisruptionBudget: { spec: { selector: {} } },
  StorageClass: { provisioner: 'sampan.dev/local' },
  Source: { spec: { location: '/srv', onInvalid: 'refuse' } },
};

describe('the table of', () => {
  let bed: HttpBed;
  before(async () => {
    bed = await startHttpBed();
  });
  after(() => bed.close());

  const collectionOf = ({ apiVersion, namespaced, plural }: KindInfo) =>
    `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}/${namespaced ? 'namespaces/default/' : ''}${plural}`;

  for (const info of ALL_KINDS) {
    it(`${info.plural} is made of the least that may be stored`, async () => {
      const path = collectionOf(info);
      const created = await bed.send('POST', path, { metadata: { name: 'least' }, ...LEAST[info.kind] });
      assert.equal(created.status, 201, created.text);
      const { status, json, text } = await bed.get(`${path}?fieldSelector=metadata.name%3Dleast`, { accept: TABLE });
      assert.equal(status, 200, text);
      const { columnDefinitions, rows } = json();
      assert.equal(rows.length, 1);
      assert.equal(rows[0].cells.length, columnDefinitions.length);
      for (const [i, cell] of rows[0].cells.entries()) {
        const { name, type } = columnDefinitions[i];
        const isFit = type === 'integer' ? Number.isInteger(cell) : typeof cell === 'string';
        assert.ok(isFit, `${name}: ${JSON.stringify(cell)}`);
        assert.doesNotMatch(String(cell), /undefined|NaN|null|\[object/, name);
      }
    });
  }
});
