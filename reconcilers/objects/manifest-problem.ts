/**
 * Something wrong with a manifest, where it is and how people are told. The manifest reader makes them; `sampan validate`, the
 * log and a Source's conditions show them.
 */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column?: number;
  /** `spec.ports[0].port`; absent where the file as a whole, or its syntax, is the problem. */
  readonly field?: string;
  readonly message: string;
}

/** `manifests/web.yaml:12 spec.replicas: expected a whole number, got "three"`. */
export function formatProblem(problem: Problem): string {
  return `${problem.file}:${problem.line} ${describeProblem(problem)}`;
}

/** Without the place: the field, unless the message names it already (`unknown field "spec.replica"`), and the message. */
export function describeProblem({
  field = '',
  message,
}: {
  readonly field?: string;
  readonly message: string;
}): string {
  return field === '' || message.includes(`"${field}"`) ? message : `${field}: ${message}`;
}
