/** Conflicts of a server-side apply, and how they are told: kubectl prints the message and its remedies by these words. Pure. */
import { type FieldSet, pathsOf } from './field-set.ts';
import { compareText, type Manager, type Managers } from './managers.ts';

export interface Conflict {
  readonly owner: Omit<Manager, 'fields' | 'time'>;
  /** `.spec.replicas`. */
  readonly path: string;
}

/** One per field that `overlap` finds in a manager's set; by manager, then in the set's order. */
export function conflictsOf(managers: Managers, overlap: (fields: FieldSet) => FieldSet): Conflict[] {
  return [...managers]
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([, owner]) => pathsOf(overlap(owner.fields)).map((path) => ({ owner, path })));
}

/** The message of the Status. */
export function describeConflicts(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: ${causeOf(first).message}: ${first.path}`;
  }
  const byOwner = Map.groupBy(conflicts, ({ owner }) => describeOwner(owner));
  const lines = [...byOwner].flatMap(([owner, theirs]) => [
    `conflicts with ${owner}:`,
    ...theirs.map(({ path }) => `- ${path}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

/** The cause of the Status that names the field. */
export function causeOf({ owner, path }: Conflict): { reason: string; message: string; field: string } {
  return { reason: 'FieldManagerConflict', message: `conflict with ${describeOwner(owner)}`, field: path };
}

/** `"kubectl-client-side-apply" using v1`, `"scaler" with subresource "scale" using autoscaling/v1`, `"kubectl"`. */
function describeOwner({ manager, operation, apiVersion, subresource }: Conflict['owner']): string {
  const through = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  return `${JSON.stringify(manager)}${through}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
}
