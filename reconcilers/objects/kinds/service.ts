/** v1 Service. Its addresses are given in the transaction that writes it (`reconcilers/kit/registry/service-addresses.ts`). */
import { defaultObject, isZero, setDefault, setDefined } from '../defaulting.ts';
import { copyJson, type JsonObject, objectAt, objectsAt } from '../json.ts';
import { dns1035Label } from '../name-formats.ts';
import type { Service } from '../service.ts';
import { validateServiceSpec, validateServiceUpdate } from '../validation-service.ts';
import { AGE, joined, NAME, NONE, pairs } from './common-columns.ts';
import { defineKind } from './entry.ts';

export const serviceKind = defineKind<Service>({
  kind: 'Service',
  plural: 'services',
  createdByUpdate: true,
  storePath: 'services/specs',
  shortNames: ['svc'],
  categories: ['all'],
  hasStatus: true,
  answersDeleted: true,
  nameProblems: dns1035Label,
  selectableFields: ['spec.clusterIP', 'spec.type'],
  setDefaults: (service) => {
    const spec = defaultObject(service, 'spec');
    setDefault(spec, 'type', 'ClusterIP');
    setDefault(spec, 'sessionAffinity', 'None');
    // A headless Service may have none; who reads one counts on the list.
    setDefault(spec, 'ports', []);
    for (const port of objectsAt(spec, 'ports')) {
      setDefault(port, 'protocol', 'TCP');
      if (isZero(port.targetPort)) setDefined(port, 'targetPort', port.port);
    }
    defaultClusterIPs(spec);
    defaultObject(defaultObject(service, 'status'), 'loadBalancer');
  },
  prepareForUpdate: keepAddresses,
  validate: validateServiceSpec,
  validateUpdate: validateServiceUpdate,
  columns: [
    NAME,
    { name: 'Type', cell: (service) => service.spec.type },
    { name: 'Cluster-IP', cell: (service) => service.spec.clusterIP || NONE },
    { name: 'External-IP', cell: () => NONE },
    { name: 'Port(s)', cell: portsOf },
    AGE,
    { name: 'Selector', wide: true, cell: (service) => pairs(service.spec.selector) },
  ],
});

/** A rewrite of a Service keeps the addresses it has, where its author leaves them open. */
function keepAddresses(next: JsonObject, previous: JsonObject): void {
  const [spec, before] = [objectAt(next, 'spec') ?? {}, objectAt(previous, 'spec') ?? {}];
  for (const port of objectsAt(spec, 'ports')) {
    const nodePort = objectsAt(before, 'ports').find(
      (candidate) => candidate.port === port.port && candidate.protocol === port.protocol,
    )?.nodePort;
    if (spec.type === 'NodePort') {
      if (isZero(port.nodePort)) setDefined(port, 'nodePort', nodePort);
    } else if (port.nodePort === nodePort) {
      // One that no longer is of type NodePort gives up the ports it was given as one, as in Kubernetes.
      delete port.nodePort;
    }
  }
  if (isZero(spec.clusterIP)) {
    spec.clusterIP = before.clusterIP;
    spec.clusterIPs = copyJson(before.clusterIPs);
  } else {
    spec.clusterIPs = [spec.clusterIP as string];
  }
}

/** `80:30080/TCP,443/TCP` */
function portsOf(service: Service): string {
  return joined(
    service.spec.ports.map(
      ({ port, nodePort, protocol }) => `${port}${nodePort === undefined ? '' : `:${nodePort}`}/${protocol}`,
    ),
  );
}

/** `clusterIP` and `clusterIPs` say the same; either may be the one that is given. */
function defaultClusterIPs(spec: JsonObject): void {
  const list = spec.clusterIPs;
  const [first] = Array.isArray(list) ? list : [];
  if (typeof spec.clusterIP === 'string' && spec.clusterIP !== '') {
    if (first === undefined) spec.clusterIPs = [spec.clusterIP];
  } else if (typeof first === 'string') {
    spec.clusterIP = first;
  } else {
    spec.clusterIP = '';
    spec.clusterIPs = [];
  }
}
