/** What is asked of Nodes, Leases and ServiceAccounts. */
import { group, outOfScope, own, seenIn } from '../line.ts';

const VOLUMES = 'test/e2e/volumes.test.ts';

export const NODES_AND_ACCOUNTS = group(12, 'Node, Lease, ServiceAccount', {
  1: own('a node is created, read, patched, listed by label, updated and deleted'),
  2: seenIn(
    'pods leave a node with a NoExecute taint when their time is up, and stay where it goes in time',
    'test/unit/node-lifecycle/node-lifecycle.test.ts',
    'drives away at once what does not tolerate it, and others when their time is up',
    'does nothing more once it is taken away',
  ),
  3: outOfScope('two schedulable nodes', 'one daemon makes one node; a second machine brings the second'),
  4: own('a Lease lives a whole life, and a collection leaves the one without the label'),
  5: own('a ServiceAccount lives a whole life under a watch'),
  6: own('a ServiceAccount is updated'),
  7: seenIn(
    'token, authority and namespace lie in every pod',
    VOLUMES,
    "hold the account's token, the authority and the namespace, for reading only",
  ),
  8: own('whether a token is mounted is said by the pod, else by its account: nine combinations'),
  9: seenIn(
    'a projected token is read by another user and group',
    'test/e2e/security.test.ts',
    "let another user and group read the account's token",
  ),
  10: seenIn(
    'the authority is in every namespace, and is put back and put right',
    'test/unit/service-accounts/service-accounts.test.ts',
    'gives each namespace its account and the authority, also one that comes later',
    'makes them again when they are deleted, and puts the authority right when it is changed',
  ),
  11: seenIn(
    "the issuer's discovery documents are enough to check a token",
    'test/unit/apiserver/access/reviews.test.ts',
    'let others check tokens by themselves',
  ),
  12: seenIn(
    'SubjectAccessReviews say what then happens',
    'test/unit/apiserver/access/reviews.test.ts',
    'tell a user what he may do, by the authority that decides on requests',
    'tell who may ask what others may do',
  ),
  13: outOfScope('CertificateSigningRequests', 'certificates are issued by the daemon itself; the kind is not served'),
});
