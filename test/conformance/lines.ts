/**
 * What Kubernetes' conformance suite asks, one line each, group by group. The numbers are those of docs/conformance.md, which
 * hack/conformance.ts makes of this table and of a run. Declares no test.
 */
import type { Group, Line } from './line.ts';
import { API_MACHINERY } from './lines/api-machinery.ts';
import { CONFIG_MAPS } from './lines/config-maps.ts';
import { DISRUPTION_BUDGETS } from './lines/disruption-budgets.ts';
import { DNS } from './lines/dns.ts';
import { EVENTS } from './lines/events.ts';
import { HOOKS_AND_INIT_CONTAINERS } from './lines/hooks-and-init-containers.ts';
import { KUBECTL } from './lines/kubectl.ts';
import { NAMESPACES } from './lines/namespaces.ts';
import { NODES_AND_ACCOUNTS } from './lines/nodes-and-accounts.ts';
import { PODS } from './lines/pods.ts';
import { PROBES } from './lines/probes.ts';
import { REPLICATION_CONTROLLERS } from './lines/replication-controllers.ts';
import { SCHEDULING } from './lines/scheduling.ts';
import { SECRETS } from './lines/secrets.ts';
import { SERVICES } from './lines/services.ts';
import { STORAGE } from './lines/storage.ts';
import { VOLUMES } from './lines/volumes.ts';

export const GROUPS: readonly Group[] = [
  PODS,
  PROBES,
  HOOKS_AND_INIT_CONTAINERS,
  REPLICATION_CONTROLLERS,
  SERVICES,
  DNS,
  CONFIG_MAPS,
  SECRETS,
  VOLUMES,
  NAMESPACES,
  EVENTS,
  NODES_AND_ACCOUNTS,
  KUBECTL,
  DISRUPTION_BUDGETS,
  API_MACHINERY,
  SCHEDULING,
  STORAGE,
];

export const LINES: readonly Line[] = GROUPS.flatMap(({ lines }) => lines);
