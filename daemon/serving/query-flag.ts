/** A boolean of a query, as Kubernetes reads it: only `false`, `0` and its absence are false. Pure. */
export function isFlagSet(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}
