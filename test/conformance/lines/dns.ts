/** What is asked of cluster DNS. */
import { group, seenIn } from '../line.ts';

const SECURITY = 'test/e2e/security.test.ts';

export const DNS = group(6, 'DNS', {
  2: seenIn(
    'a pod resolves its own full name through its hosts file',
    SECURITY,
    'have the hosts file that Kubernetes writes, with their full name and aliases, unless they mount their own',
  ),
  7: seenIn('dnsPolicy None takes servers and searches from dnsConfig', SECURITY, 'ask for names where dnsConfig says'),
});
