/** v1 Endpoints. */
import { setDefault } from '../defaulting.ts';
import { objectsAt } from '../json.ts';
import type { Endpoints } from '../service.ts';
import { validateEndpointSubsets } from '../validation-endpoints.ts';
import { AGE, NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';
import { shownEndpoints } from './shown-endpoints.ts';

export const endpointsKind = defineKind<Endpoints>({
  kind: 'Endpoints',
  plural: 'endpoints',
  createdByUpdate: true,
  storePath: 'services/endpoints',
  shortNames: ['ep'],
  setDefaults: (endpoints) => {
    for (const subset of objectsAt(endpoints, 'subsets')) {
      for (const port of objectsAt(subset, 'ports')) setDefault(port, 'protocol', 'TCP');
    }
  },
  validate: validateEndpointSubsets,
  columns: [NAME, { name: 'Endpoints', cell: (endpoints) => shownEndpoints(addressesOf(endpoints)) }, AGE],
});

function addressesOf(endpoints: Endpoints): string[] {
  return (endpoints.subsets ?? []).flatMap((subset) =>
    (subset.addresses ?? []).flatMap(({ ip }) =>
      subset.ports?.length ? subset.ports.map(({ port }) => `${ip}:${port}`) : [ip],
    ),
  );
}
