/** The columns of Services and Endpoints. Pure. */
import type { Endpoints, Service } from '../../../reconcilers/objects/service.ts';
import { age } from '../age.ts';
import { type Columns, NONE, pairs } from './table.ts';

/** More endpoints than this are counted, not listed. */
const LISTED = 3;

export const SERVICE_COLUMNS: Columns<'Service'> = [
  { name: 'Name', cell: (service) => service.metadata.name },
  { name: 'Type', cell: (service) => service.spec.type },
  { name: 'Cluster-IP', cell: (service) => service.spec.clusterIP || NONE },
  { name: 'External-IP', cell: () => NONE },
  { name: 'Port(s)', cell: ports },
  { name: 'Age', cell: (service, now) => age(service.metadata.creationTimestamp, now) },
  { name: 'Selector', wide: true, cell: (service) => pairs(service.spec.selector) },
];

export const ENDPOINTS_COLUMNS: Columns<'Endpoints'> = [
  { name: 'Name', cell: (endpoints) => endpoints.metadata.name },
  { name: 'Endpoints', cell: addresses },
  { name: 'Age', cell: (endpoints, now) => age(endpoints.metadata.creationTimestamp, now) },
];

/** `80:30080/TCP,443/TCP` */
function ports(service: Service): string {
  const shown = service.spec.ports.map(
    ({ port, nodePort, protocol }) => `${port}${nodePort === undefined ? '' : `:${nodePort}`}/${protocol}`,
  );
  return shown.length === 0 ? NONE : shown.join(',');
}

function addresses(endpoints: Endpoints): string {
  const all = (endpoints.subsets ?? []).flatMap((subset) =>
    (subset.addresses ?? []).flatMap(({ ip }) =>
      subset.ports?.length ? subset.ports.map(({ port }) => `${ip}:${port}`) : [ip],
    ),
  );
  if (all.length === 0) return NONE;
  const more = all.length - LISTED;
  return more > 0 ? `${all.slice(0, LISTED).join(',')} + ${more} more...` : all.join(',');
}
