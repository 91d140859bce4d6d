/**
 * The containers of an engine as the tests judge them: which belong to a pod, which of them run. Read from Docker itself, never
 * from the daemon under test, so that both can be held against each other.
 */
import type { Dockerd } from './dockerd.ts';

export interface KubeContainer {
  readonly id: string;
  /** `k8s_upper_upper-mjl0r_default_<pod uid>_0`. */
  readonly name: string;
  readonly image: string;
  readonly running: boolean;
  /** `POD` for the pause container. */
  readonly container: string;
  readonly pod: string;
  readonly podUid: string;
}

interface Listed {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/** Every container of a pod, also those that have ended. */
export async function kubeContainers(dockerd: Dockerd): Promise<KubeContainer[]> {
  const listed = await dockerd.api.send<Listed[]>({ path: '/containers/json?all=1' });
  return listed.map(fromDocker).filter(({ podUid }) => podUid !== '');
}

export async function runningContainers(dockerd: Dockerd): Promise<KubeContainer[]> {
  return (await kubeContainers(dockerd)).filter(({ running }) => running);
}

/** What must stay the same while nothing is touched: the ids of all that runs. */
export async function runningIds(dockerd: Dockerd): Promise<string[]> {
  return (await runningContainers(dockerd)).map(({ id }) => id).sort();
}

const environments = new Map<string, string[]>();

/** The environment a container was created with. It never changes, so each is asked once. */
export async function environmentOf(dockerd: Dockerd, id: string): Promise<string[]> {
  const known = environments.get(id);
  if (known !== undefined) return known;
  const { Config } = await dockerd.api.send<{ Config: { Env: string[] } }>({ path: `/containers/${id}/json` });
  environments.set(id, Config.Env);
  return Config.Env;
}

function fromDocker({ Id, Names, Image, State, Labels }: Listed): KubeContainer {
  return {
    id: Id,
    name: (Names[0] ?? '').slice(1),
    image: Image,
    running: State === 'running',
    container: Labels['io.kubernetes.container.name'] ?? '',
    pod: Labels['io.kubernetes.pod.name'] ?? '',
    podUid: Labels['io.kubernetes.pod.uid'] ?? '',
  };
}
