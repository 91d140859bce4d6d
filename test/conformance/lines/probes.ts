/** What is asked of probes. */
import { alsoIn, group, seenIn } from '../line.ts';

const UNIT = 'test/unit/kubelet/probes.test.ts';
const REAL = 'test/e2e/probes.test.ts';
const HTTP = 'test/unit/network-prober/http-probe.test.ts';
const GRPC = 'test/unit/network-prober/tcp-and-grpc-probe.test.ts';

const CHANGES_NOTHING = 'change nothing when the daemon is restarted or killed';
const NEVER_HEARD = 'are never heard where the container is well';
const RESTARTED = 'restart a container that fails them, with the usual back-off';

export const PROBES = group(2, 'Probes', {
  1: alsoIn(
    seenIn('a liveness probe over HTTP that keeps succeeding restarts nothing', UNIT, NEVER_HEARD),
    HTTP,
    'is content with an answer from 200 to 299',
  ),
  2: alsoIn(
    seenIn('a liveness probe by a command that keeps succeeding restarts nothing', UNIT, NEVER_HEARD),
    REAL,
    CHANGES_NOTHING,
  ),
  3: seenIn('a liveness probe of a TCP port that is open restarts nothing', UNIT, NEVER_HEARD),
  4: alsoIn(
    seenIn('a liveness probe over gRPC that is answered SERVING restarts nothing', UNIT, NEVER_HEARD),
    GRPC,
    'is content with SERVING, of the server or of a service',
  ),
  5: alsoIn(
    seenIn('a liveness probe over HTTP that begins to fail restarts the container', UNIT, RESTARTED),
    HTTP,
    'fails with any from 400 on',
  ),
  6: seenIn(
    'a liveness probe by a command that begins to fail restarts the container',
    REAL,
    'restart a container that no longer lives',
  ),
  7: alsoIn(
    seenIn('a liveness probe over gRPC to a port where nobody listens restarts the container', UNIT, RESTARTED),
    GRPC,
    'fails where nobody speaks gRPC',
  ),
  8: seenIn(
    'a liveness probe that fails over and over makes the restart count grow, and never fall',
    UNIT,
    'make the restart count grow to 5, and never fall',
  ),
  9: seenIn(
    'a readiness probe keeps a container unready for its initial delay, and restarts nothing',
    UNIT,
    'are not made before initialDelaySeconds',
  ),
  10: seenIn(
    'a readiness probe that always fails keeps a container unready, and never restarts it',
    UNIT,
    'keep a container unready until one succeeds, and restart nothing',
  ),
});
