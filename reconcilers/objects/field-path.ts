/**
 * Field paths as Kubernetes writes them: `spec.containers[0].resources.limits[cpu]`. Decoding and validation build them, the
 * manifest reader takes them apart again to find the line.
 */

/** `spec` + `ports` → `spec.ports`; the empty path is the object itself. */
export function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** `spec.ports` + 0 → `spec.ports[0]`; with a string, the key of a map: `metadata.labels[app]`. */
export function element(path: string, key: number | string): string {
  return `${path}[${key}]`;
}

/**
 * The path's steps: member names and map keys as strings, list positions as numbers. A key of digits in brackets reads as a
 * position; whoever walks a map with it turns it back into a string.
 */
export function splitPath(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  for (const match of path.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)) {
    const [whole, bracketed] = match;
    if (bracketed === undefined) steps.push(whole);
    else steps.push(/^\d+$/.test(bracketed) ? Number(bracketed) : bracketed);
  }
  return steps;
}

/** Whether `path` is `ancestor` or lies below it. */
export function isWithin(path: string, ancestor: string): boolean {
  if (!path.startsWith(ancestor)) return false;
  const next = path[ancestor.length];
  return ancestor === '' || next === undefined || next === '.' || next === '[';
}
