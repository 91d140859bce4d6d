/** What people read when a pull fails: a sentence that says what is the matter, and after it Docker's own. */
import assert from 'node:assert/strict';
import { explainPullFailure } from '../../../daemon/adapters/docker-runtime/pull-failure.ts';

const REFERENCE = 'registry.example:5000/team/app:1';
const HOST = 'registry.example:5000';

/** Docker's sentences, from 20.10 and later, and how ours begin. */
const CASES: readonly (readonly [docker: string, ours: string])[] = [
  [`manifest for ${REFERENCE} not found: manifest unknown: manifest unknown`, `${HOST} has no such image`],
  [
    'no matching manifest for linux/arm64/v8 in the manifest list entries',
    `${HOST} has the image, but not for this machine`,
  ],
  [
    `Head "https://${HOST}/v2/team/app/manifests/1": no basic auth credentials`,
    `${HOST} refuses the image without credentials`,
  ],
  [
    "pull access denied for team/app, repository does not exist or may require 'docker login'",
    `${HOST} refuses the image without`,
  ],
  ['toomanyrequests: You have reached your pull rate limit.', `${HOST} takes no more pulls from here for now`],
  [
    `Get "https://${HOST}/v2/": x509: certificate signed by unknown authority`,
    'Docker does not know who signed the certificate',
  ],
  [`Get "https://${HOST}/v2/": x509: certificate has expired or is not yet valid`, `Docker does not trust ${HOST}`],
  [`Get "https://${HOST}/v2/": http: server gave HTTP response to HTTPS client`, `${HOST} speaks HTTP without TLS`],
  [`Get "https://${HOST}/v2/": dial tcp 192.0.2.1:5000: connect: connection refused`, `nothing answers at ${HOST}`],
  [
    `Get "https://${HOST}/v2/": dial tcp: lookup registry.example: no such host`,
    `the name of ${HOST} cannot be resolved`,
  ],
  [`Get "https://${HOST}/v2/": context deadline exceeded (Client.Timeout exceeded)`, `${HOST} does not answer in time`],
  ['failed to register layer: write /data: no space left on device', "the disk of Docker's images is full"],
];

describe('docker runtime: why a pull failed', () => {
  for (const [docker, ours] of CASES) {
    it(`says "${ours}" of "${docker.slice(-48)}"`, () => {
      const text = explainPullFailure(docker, REFERENCE, false);
      assert.ok(text.startsWith(ours), text);
      assert.ok(text.endsWith(` (Docker: ${docker})`), text);
    });
  }

  it('tells refused credentials from none', () => {
    const text = explainPullFailure('unauthorized: authentication required', REFERENCE, true);
    assert.match(text, /^registry\.example:5000 refuses the image, or the credentials found for it \(Docker/);
  });

  it('leaves alone what it does not know', () => {
    assert.equal(explainPullFailure('something new', REFERENCE, false), 'something new');
  });
});
