/** What is asked of Services, endpoints and proxying. */
import { alsoIn, group, notYet, own, planned, seenIn } from '../line.ts';

const TYPES = 'test/unit/kit/service-types.test.ts';
const TRAFFIC = 'test/e2e/services.test.ts';
const PROXY = 'test/e2e/service-proxy.test.ts';
const STREAMS = 'test/unit/streams/proxy.test.ts';
const DNS = 'test/e2e/dns.test.ts';
const EXTERNAL = 'is not served as an external name, and again when it has addresses';

export const SERVICES = group(5, 'Services, endpoints, proxying', {
  1: seenIn(
    'the Service `kubernetes` is there, with a port https',
    'test/unit/cluster-bootstrap/cluster-bootstrap.test.ts',
    'makes the namespaces and the Service kubernetes at the first address',
  ),
  2: own('a Service is found in the list of all namespaces'),
  3: alsoIn(
    seenIn(
      'Endpoints follow the pods: none, one, two, none',
      'test/unit/endpoints/endpoints.test.ts',
      'follows the pods: ready, not ready, being deleted, gone',
    ),
    PROXY,
    'to no endpoints and back',
  ),
  4: alsoIn(
    planned(
      'each port of a Service leads to the pods that have it',
      'several-ports-share-a-subset',
      'named-port-with-two-numbers',
      'several-named-ports',
    ),
    TRAFFIC,
    'serves TCP and UDP at one port, and goes on with one when the other is dropped',
  ),
  5: seenIn(
    'TCP and UDP of one port stop apart',
    TRAFFIC,
    'serves TCP and UDP at one port, and goes on with one when the other is dropped',
  ),
  6: alsoIn(
    seenIn(
      'a NodePort Service answers by name, at its cluster IP, and at the node',
      PROXY,
      'at its cluster address from a pod, which the endpoint sees as the client',
      'at its node port from outside, and the endpoint sees the client itself',
      'at its node port from a pod',
    ),
    DNS,
    'knows Services by name, and the API server',
  ),
  7: alsoIn(
    seenIn(
      'an ExternalName becomes a ClusterIP: it gets an address and serves',
      TYPES,
      'give everything up as an ExternalName, and are given an address anew',
    ),
    TRAFFIC,
    EXTERNAL,
  ),
  8: alsoIn(
    seenIn(
      'an ExternalName becomes a NodePort: it gets an address and a port and serves',
      TYPES,
      'give everything up as an ExternalName, and are given an address anew',
    ),
    TRAFFIC,
    EXTERNAL,
  ),
  9: alsoIn(
    alsoIn(
      seenIn(
        'a ClusterIP becomes an ExternalName: its address is given back, its name is an alias',
        TYPES,
        'may be emptied of their address by a client that says so itself',
      ),
      TRAFFIC,
      EXTERNAL,
    ),
    DNS,
    'gives an external name as an alias, follows its changes, and its address once it has one',
  ),
  10: alsoIn(
    seenIn(
      'a NodePort becomes an ExternalName: address and port are given back',
      TYPES,
      'give everything up as an ExternalName, and are given an address anew',
    ),
    TRAFFIC,
    EXTERNAL,
  ),
  11: seenIn(
    'sessionAffinity ClientIP keeps a client, by cluster IP and by node port',
    TRAFFIC,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the title's own
    'ClientIP keeps a client with one endpoint at the ${way}, and with several again when it is taken away',
    'ClientIP outlives the daemon, and forgets an endpoint that is gone',
  ),
  12: seenIn(
    'sessionAffinity can be switched on and off, by cluster IP and by node port',
    TRAFFIC,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the title's own
    'ClientIP keeps a client with one endpoint at the ${way}, and with several again when it is taken away',
  ),
  13: own('the status of a Service is read, patched and replaced, and its labels by a patch of the Service'),
  14: own('Services are deleted as a collection, by label'),
  15: own('Endpoints live a whole life, seen by a watch'),
  16: seenIn(
    'a hundred Services have Endpoints within seconds',
    'test/unit/endpoints/endpoints.test.ts',
    'follows a hundred Services that come at once, within seconds',
  ),
  17: seenIn(
    'pods, services and nodes are reached through the proxies of the API',
    STREAMS,
    'takes the first port that a container declares, and sends a bare GET to the slash',
    'is a ready endpoint of the port with that number or name, and only one of a pod',
    'answers what this node itself knows',
  ),
  18: seenIn(
    'the proxies pass every method on, bare and with a path',
    STREAMS,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the title's own
    'passes ${method} on with its path, query and body',
    'passes HEAD on, and status and headers back',
    'takes the first port that a container declares, and sends a bare GET to the slash',
  ),
  19: alsoIn(
    planned('the Service `kubernetes` has Endpoints and slices that name the API server', 'fresh'),
    'test/unit/endpoint-slices/endpoint-slices.test.ts',
    'mirror Endpoints made by hand, with every change',
  ),
  20: seenIn(
    'slices and Endpoints come and go with a Service that has a selector',
    'test/unit/endpoint-slices/endpoint-slices.test.ts',
    'follow the pods, in one slice that stays the same',
  ),
  21: planned(
    'slices have the pods that the selector matches, with the ports of each',
    'named-port-with-two-numbers',
    'ready-not-ready-and-leaving',
  ),
  22: own('EndpointSlices live a whole life, seen by a watch'),
  23: seenIn(
    'Endpoints made by hand are mirrored into slices: made, changed, deleted',
    'test/unit/endpoint-slices/endpoint-slices.test.ts',
    'mirror Endpoints made by hand, with every change',
  ),
  24: notYet('Ingress and IngressClass are kept', 'the group networking.k8s.io is not served'),
});
