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
export function formatProblem({ file, line, field, message }: Problem): string {
  const named = field !== undefined && field !== '' && !message.includes(`"${field}"`);
  return named ? `${file}:${line} ${field}: ${message}` : `${file}:${line} ${message}`;
}
