/**
 * Reads `--authorization-rbac-file`: Roles, ClusterRoles and their bindings as Kubernetes writes them, in YAML documents. Pure. What it
 * does not understand it refuses, with the document's place in the file: a misspelt rule would grant nothing, or too much.
 */
import { loadAll } from 'js-yaml';
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { Binding, PolicyRule, RbacPolicy, Role, Subject } from './policy.ts';

const GROUP = 'rbac.authorization.k8s.io';
const API_VERSION = `${GROUP}/v1`;

type Fields = Readonly<Record<string, unknown>>;

/** `file` names it in errors. Usage error where it cannot be read. */
export function parseRbacFile(text: string, file: string): RbacPolicy {
  const roles: Role[] = [];
  const bindings: Binding[] = [];
  for (const [index, document] of documentsOf(text, file).entries()) {
    if (document === null || document === undefined) continue;
    const reader = new Reader(`${file}: document ${index + 1}`);
    const fields = reader.object(document, '');
    switch (fields.kind) {
      case 'Role':
      case 'ClusterRole':
        roles.push(reader.role(fields));
        break;
      case 'RoleBinding':
      case 'ClusterRoleBinding':
        bindings.push(reader.binding(fields));
        break;
      default:
        reader.fail('kind', 'one of Role, ClusterRole, RoleBinding, ClusterRoleBinding', fields.kind);
    }
  }
  return { roles, bindings };
}

function documentsOf(text: string, file: string): unknown[] {
  try {
    return loadAll(text) as unknown[];
  } catch (cause) {
    throw new SampanError('Usage', { detail: `${file} is not YAML` }, cause);
  }
}

class Reader {
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  role(fields: Fields): Role {
    const identity = this.#identity(fields, fields.kind === 'Role', ['rules']);
    return { ...identity, rules: this.#list(fields.rules, 'rules').map((rule, i) => this.#rule(rule, `rules[${i}]`)) };
  }

  binding(fields: Fields): Binding {
    const namespaced = fields.kind === 'RoleBinding';
    const identity = this.#identity(fields, namespaced, ['roleRef', 'subjects']);
    const roleRef = this.object(fields.roleRef, 'roleRef', ['apiGroup', 'kind', 'name']);
    const { kind, apiGroup = GROUP } = roleRef;
    if (apiGroup !== GROUP) this.fail('roleRef.apiGroup', GROUP, apiGroup);
    const isKind = kind === 'ClusterRole' || (kind === 'Role' && namespaced);
    if (!isKind) this.fail('roleRef.kind', namespaced ? 'Role or ClusterRole' : 'ClusterRole', kind);
    return {
      ...identity,
      roleRef: { kind: kind as 'Role' | 'ClusterRole', name: this.#text(roleRef.name, 'roleRef.name') },
      subjects: this.#list(fields.subjects, 'subjects').map((subject, i) => this.#subject(subject, `subjects[${i}]`)),
    };
  }

  object(value: unknown, field: string, known?: readonly string[]): Fields {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) this.fail(field, 'a mapping', value);
    const fields = value as Fields;
    const strange = known && Object.keys(fields).find((name) => !known.includes(name));
    if (strange !== undefined) {
      this.fail(field === '' ? strange : `${field}.${strange}`, `one of ${known?.join(', ')}`, strange);
    }
    return fields;
  }

  fail(field: string, expected: string, got: unknown): never {
    const value = got === undefined ? 'nothing' : JSON.stringify(got);
    throw new SampanError('Usage', { detail: `${this.#where}: ${field}: expected ${expected}, got ${value}` });
  }

  #identity(fields: Fields, namespaced: boolean, own: readonly string[]): { namespace: string; name: string } {
    this.object(fields, '', ['apiVersion', 'kind', 'metadata', ...own]);
    if (fields.apiVersion !== API_VERSION) this.fail('apiVersion', API_VERSION, fields.apiVersion);
    const metadata = this.object(fields.metadata, 'metadata', ['name', 'namespace', 'labels', 'annotations']);
    const name = this.#text(metadata.name, 'metadata.name');
    if (namespaced) return { name, namespace: this.#text(metadata.namespace, 'metadata.namespace') };
    if (metadata.namespace !== undefined) this.fail('metadata.namespace', 'none', metadata.namespace);
    return { name, namespace: '' };
  }

  #rule(value: unknown, field: string): PolicyRule {
    const lists = ['apiGroups', 'resources', 'resourceNames', 'nonResourceURLs'] as const;
    const fields = this.object(value, field, ['verbs', ...lists]);
    const listed = lists.filter((name) => fields[name] !== undefined);
    const rule = Object.fromEntries(listed.map((name) => [name, this.#texts(fields[name], `${field}.${name}`)]));
    if (fields.resources === undefined && fields.nonResourceURLs === undefined) {
      this.fail(field, 'resources or nonResourceURLs', undefined);
    }
    if (fields.resources !== undefined && fields.apiGroups === undefined) {
      this.fail(`${field}.apiGroups`, 'the groups of the resources ("" is the core group)', undefined);
    }
    return { ...rule, verbs: this.#texts(fields.verbs, `${field}.verbs`) };
  }

  #subject(value: unknown, field: string): Subject {
    const { kind, name, namespace } = this.object(value, field, ['apiGroup', 'kind', 'name', 'namespace']);
    const named = this.#text(name, `${field}.name`);
    if (kind === 'User' || kind === 'Group') return { kind, name: named };
    if (kind !== 'ServiceAccount') this.fail(`${field}.kind`, 'User, Group or ServiceAccount', kind);
    return { kind: 'ServiceAccount', name: named, namespace: this.#text(namespace, `${field}.namespace`) };
  }

  #list(value: unknown, field: string): readonly unknown[] {
    return Array.isArray(value) ? value : this.fail(field, 'a list', value);
  }

  #texts(value: unknown, field: string): readonly string[] {
    const list = this.#list(value, field);
    return list.map((item, index) =>
      typeof item === 'string' ? item : this.fail(`${field}[${index}]`, 'a text', item),
    );
  }

  #text(value: unknown, field: string): string {
    return typeof value === 'string' && value !== '' ? value : this.fail(field, 'a text', value);
  }
}
