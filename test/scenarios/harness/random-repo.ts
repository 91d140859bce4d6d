/**
 * A repo that is edited at random: some apps, each a controller and a Service in files of their own. Keeps what it was, for reverts.
 * Knows nothing of daemons.
 */
import type { Random } from '../../../reconcilers/ports/random.ts';
import type { Files } from './declared.ts';

interface App {
  readonly name: string;
  readonly replicas: number;
  readonly image: string;
  readonly folder: string;
  readonly nodePort?: number;
}

export const GOOD_IMAGES = ['app:1', 'app:2', 'app:3'];
/** It ends at once, whenever it is started. */
export const CRASHING_IMAGE = 'crash:1';
/** It takes its whole grace period to stop. */
export const STUBBORN_IMAGE = 'stubborn:1';
/** Only the registry has it. */
export const FAR_IMAGE = 'far/app:1';
/** Nobody has it. */
export const MISSING_IMAGE = 'missing/app:1';
const IMAGES = [...GOOD_IMAGES, ...GOOD_IMAGES, STUBBORN_IMAGE, FAR_IMAGE, CRASHING_IMAGE, MISSING_IMAGE];

const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];
const FOLDERS = ['manifests', 'apps', 'apps/deep'];
const BAD_FILES = [
  'kind: [',
  'apiVersion: v1\nkind: Pod\nmetadata: {name: Bad_Name}\nspec: {containers: []}\n',
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n',
  'apiVersion: v1\nkind: Service\nmetadata: {name: clash}\nspec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}\n',
];

export class RandomRepo {
  readonly #random: Random;
  readonly #history: (readonly App[])[] = [];
  #apps: readonly App[] = [];
  #badFile: string | undefined;

  constructor(random: Random) {
    this.#random = random;
    this.#apps = NAMES.slice(0, 3).map((name) => this.#newApp(name));
  }

  get files(): Files {
    const good = Object.fromEntries(this.#apps.flatMap(filesOf));
    return this.#badFile === undefined ? good : { ...good, 'manifests/zz-bad.yaml': this.#badFile };
  }

  /** One random commit; says what it was. */
  commit(): string {
    const edits: Record<string, () => void> = {
      scale: () => this.#change((app) => ({ ...app, replicas: this.#below(5) })),
      image: () => this.#change((app) => ({ ...app, image: this.#pick(IMAGES) })),
      rename: () => this.#change((app) => ({ ...app, folder: this.#pick(FOLDERS) })),
      'node port': () => this.#change(({ nodePort, ...app }) => (nodePort ? app : this.#withNodePort(app))),
      add: () => {
        const name = NAMES.find((candidate) => !this.#apps.some((app) => app.name === candidate));
        if (name !== undefined) this.#keep([...this.#apps, this.#newApp(name)]);
      },
      remove: () => this.#keep(this.#apps.filter((app) => app !== this.#apps[this.#below(this.#apps.length)])),
      revert: () => this.#keep(this.#pick(this.#history) ?? this.#apps),
      'bad file': () => {
        this.#badFile = this.#pick(BAD_FILES);
      },
    };
    const name = this.#pick(Object.keys(edits));
    // Whoever edits anything else mostly sees the bad file, too.
    if (this.#below(3) > 0) this.#badFile = undefined;
    edits[name]?.();
    return name;
  }

  /** The last commit: everything in it can run. */
  repair(): void {
    this.#badFile = undefined;
    const runs = (image: string) => image !== CRASHING_IMAGE && image !== MISSING_IMAGE;
    this.#keep(this.#apps.map((app) => (runs(app.image) ? app : { ...app, image: GOOD_IMAGES[0] as string })));
  }

  #change(edit: (app: App) => App): void {
    const changed = this.#below(this.#apps.length);
    this.#keep(this.#apps.map((app, index) => (index === changed ? edit(app) : app)));
  }

  #keep(apps: readonly App[]): void {
    this.#history.push(this.#apps);
    this.#apps = apps;
  }

  #newApp(name: string): App {
    const app = { name, replicas: this.#below(4), image: this.#pick(GOOD_IMAGES), folder: this.#pick(FOLDERS) };
    return this.#below(3) === 0 ? this.#withNodePort(app) : app;
  }

  /** Each name has one of its own, or that of the next, which changes hands when both are edited. */
  #withNodePort(app: App): App {
    const nodePort = 30_100 + NAMES.indexOf(app.name);
    return this.#apps.some((other) => other.nodePort === nodePort) ? app : { ...app, nodePort };
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)] as T;
  }
}

function filesOf({ name, replicas, image, folder, nodePort }: App): [string, string][] {
  const controller = `apiVersion: v1
kind: ReplicationController
metadata: { name: ${name}, labels: { name: ${name} } }
spec:
  replicas: ${replicas}
  selector: { name: ${name} }
  template:
    metadata: { labels: { name: ${name} } }
    spec:
      terminationGracePeriodSeconds: 5
      containers:
        - { name: ${name}, image: '${image}', ports: [{ containerPort: 8000 }] }
`;
  const service = `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  type: ${nodePort === undefined ? 'ClusterIP' : 'NodePort'}
  selector: { name: ${name} }
  ports: [{ port: 80, targetPort: 8000${nodePort === undefined ? '' : `, nodePort: ${nodePort}`} }]
`;
  return [
    [`${folder}/${name}-rc.yaml`, controller],
    [`${folder}/${name}-service.yaml`, service],
  ];
}
