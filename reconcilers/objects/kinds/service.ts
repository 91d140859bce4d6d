/** v1 Service. Its addresses are given in the transaction that writes it (`reconcilers/kit/registry/admission/service-addresses.ts`). */
import { dns1035Label } from '../name-formats.ts';
import type { Service } from '../service.ts';
import { setServiceDefaults } from '../service-defaults.ts';
import { prepareServiceUpdate } from '../service-update.ts';
import { serviceWarnings } from '../service-warnings.ts';
import { validateService, validateServiceUpdate } from '../validation-service.ts';
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
  setDefaults: setServiceDefaults,
  prepareForCreate: (service) => {
    service.status = { loadBalancer: {} };
  },
  prepareForUpdate: prepareServiceUpdate,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  warnings: serviceWarnings,
  columns: [
    NAME,
    { name: 'Type', cell: (service) => service.spec.type },
    { name: 'Cluster-IP', cell: (service) => service.spec.clusterIP || NONE },
    { name: 'External-IP', cell: externalAddressOf },
    { name: 'Port(s)', cell: portsOf },
    AGE,
    { name: 'Selector', wide: true, cell: (service) => pairs(service.spec.selector) },
  ],
});

/** As Kubernetes prints it: a balancer's addresses come before the external IPs, and `<pending>` where it has none yet. */
function externalAddressOf({ spec, status }: Service): string {
  if (spec.type === 'ExternalName') return spec.externalName ?? NONE;
  if (spec.type !== 'LoadBalancer') return joined(spec.externalIPs);
  const balanced = (status.loadBalancer.ingress ?? []).flatMap(({ ip, hostname }) => ip || hostname || []);
  const addresses = [...balanced, ...(spec.externalIPs ?? [])];
  return addresses.length === 0 ? '<pending>' : addresses.join(',');
}

/** `80:30080/TCP,443/TCP` */
function portsOf(service: Service): string {
  return joined(
    service.spec.ports.map(
      ({ port, nodePort, protocol }) => `${port}${nodePort === undefined ? '' : `:${nodePort}`}/${protocol}`,
    ),
  );
}
