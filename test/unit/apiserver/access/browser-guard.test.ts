import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { browserRefusal } from '../../../../daemon/apiserver/access/browser-guard.ts';

const HOSTS = new Set(['localhost', '127.0.0.1', '::1', 'kubernetes.default.svc']);
const refusal = (headers: IncomingHttpHeaders) => browserRefusal({ host: '127.0.0.1:6443', ...headers }, HOSTS);

describe('the browser guard', () => {
  it('lets clients through by every name of the server', () => {
    for (const host of [
      'localhost',
      'LOCALHOST:6443',
      '127.0.0.1:6443',
      '[::1]:6443',
      'kubernetes.default.svc',
      'localhost.:1',
    ]) {
      assert.equal(refusal({ host }), undefined, host);
    }
  });

  it('refuses a name that was only made to lead here', () => {
    for (const host of [
      'evil.example',
      '127.0.0.1.nip.io:6443',
      'localhost.evil.example',
      '',
      'a@localhost',
      '[::1',
      'localhost:x',
    ]) {
      assert.match(refusal({ host }) ?? '', /not known as .*--tls-san/, host);
    }
  });

  it('refuses what browsers send for a page', () => {
    for (const site of ['cross-site', 'same-site', 'same-origin']) {
      assert.match(refusal({ 'sec-fetch-site': site }) ?? '', /web pages/, site);
    }
    for (const origin of ['https://evil.example', 'http://127.0.0.1:8443', 'https://127.0.0.1:8443', 'null', 'x']) {
      assert.match(refusal({ origin }) ?? '', /web pages/, origin);
    }
    assert.match(refusal({ origin: 'https://127.0.0.1:6443', 'sec-fetch-site': 'none' }) ?? '', /web pages/);
  });

  it('lets a person type the address, and libraries name the server itself as origin', () => {
    assert.equal(refusal({ 'sec-fetch-site': 'none' }), undefined);
    assert.equal(refusal({ origin: 'https://127.0.0.1:6443' }), undefined);
  });

  it('lets older libraries say http of the loopback interface, and of nothing else', () => {
    assert.equal(refusal({ origin: 'http://127.0.0.1:6443' }), undefined);
    assert.match(refusal({ origin: 'http://127.0.0.1:6443', 'sec-fetch-site': 'cross-site' }) ?? '', /web pages/);
    const host = 'sampan.example:6443';
    const elsewhere = { host, origin: `http://${host}` };
    assert.match(browserRefusal(elsewhere, new Set(['sampan.example'])) ?? '', /web pages/);
  });
});
