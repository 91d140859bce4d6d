/**
 * What files declare, read for the invariants with nothing but a YAML parser: the daemon's own reading of manifests must not be
 * what it is judged by.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';

export type Files = Readonly<Record<string, string>>;

export interface DeclaredController {
  readonly name: string;
  readonly replicas: number;
  readonly containers: readonly { readonly name: string; readonly image: string }[];
}

export interface DeclaredService {
  readonly name: string;
  /** The value of the label `name` that it selects by. */
  readonly selects: string;
  readonly ports: readonly { readonly port: number; readonly targetPort: number; readonly nodePort?: number }[];
}

export interface Declared {
  readonly controllers: readonly DeclaredController[];
  readonly services: readonly DeclaredService[];
  /** `ReplicationController/upper manifests/upper-rc.yaml`, sorted. */
  readonly objects: readonly string[];
}

interface Manifest {
  kind: string;
  metadata: { name: string };
  spec: {
    replicas?: number;
    selector: { name: string };
    template?: { spec: { containers: { name: string; image: string }[] } };
    ports?: { port: number; targetPort: number; nodePort?: number }[];
  };
}

/** The project's walkthrough, by the path in its repo. */
export function walkthroughFiles(): Files {
  const folder = join(import.meta.dirname, '../../../manifests');
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return Object.fromEntries(names.map((name) => [`manifests/${name}`, readFileSync(join(folder, name), 'utf8')]));
}

export function declaredBy(files: Files): Declared {
  const manifests = Object.entries(files).flatMap(([path, text]) =>
    (loadAll(text) as Manifest[]).map((manifest) => ({ path, ...manifest })),
  );
  const ofKind = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
  return {
    controllers: ofKind('ReplicationController').map(({ metadata: { name }, spec }) => ({
      name,
      replicas: spec.replicas ?? 1,
      containers: spec.template?.spec.containers.map((each) => ({ name: each.name, image: each.image })) ?? [],
    })),
    services: ofKind('Service').map(({ metadata: { name }, spec }) => ({
      name,
      selects: spec.selector.name,
      ports: spec.ports ?? [],
    })),
    objects: manifests.map(({ path, kind, metadata }) => `${kind}/${metadata.name} ${path}`).sort(),
  };
}
