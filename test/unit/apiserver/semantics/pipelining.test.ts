import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type HttpBed, startHttpBed } from '../http-bed.ts';

describe('requests that follow each other on one connection', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
  });
  afterEach(() => bed.close());

  it('are all answered, refusals too, though the answer before is still on its way', async () => {
    const ask = (path: string, last = false) =>
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${last ? 'Connection: close\r\n' : ''}\r\n`;
    const socket = connect(bed.socketPath);
    socket.write(
      [
        ask('/api/v1/namespaces'),
        ask('/api/v1/namespaces/missing'),
        ask('/api/v1/namespaces/default'),
        ask('/api/v1/pods?labelSelector=((', true),
      ].join(''),
    );
    const answers = Buffer.concat(await socket.toArray()).toString();
    const codes = [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => code);
    assert.deepEqual(codes, ['200', '404', '200', '400']);
  });
});
