/** What is asked of cluster DNS. */
import { group, seenIn } from '../line.ts';

const SECURITY = 'test/e2e/security.test.ts';
const ENGINE = 'test/e2e/dns.test.ts';

export const DNS = group(6, 'DNS', {
  1: seenIn(
    'resolves `kubernetes.default` and others from a pod',
    ENGINE,
    'knows Services by name, and the API server',
  ),
  2: seenIn(
    'a pod resolves its own full name through its hosts file',
    SECURITY,
    'have the hosts file that Kubernetes writes, with their full name and aliases, unless they mount their own',
  ),
  3: seenIn(
    'has A records of Services and headless endpoints, and SRV records of their ports',
    ENGINE,
    'knows Services by name, and the API server',
    "knows a headless Service's pods together, each by its hostname, and their ports",
  ),
  4: seenIn(
    'resolves partial names through the search list',
    ENGINE,
    'completes partial names by the search list that pods have',
  ),
  5: seenIn(
    'resolves the hostname of a pod, and its subdomain, under a headless Service',
    ENGINE,
    "knows a headless Service's pods together, each by its hostname, and their ports",
  ),
  6: seenIn(
    'answers an ExternalName with a CNAME, follows its changes, and with an address once it is a ClusterIP',
    ENGINE,
    'gives an external name as an alias, follows its changes, and its address once it has one',
  ),
  7: seenIn('dnsPolicy None takes servers and searches from dnsConfig', SECURITY, 'ask for names where dnsConfig says'),
});
