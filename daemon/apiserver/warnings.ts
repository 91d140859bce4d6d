/** Warning headers: what a person at kubectl is told beside the answer. https://kubernetes.io/blog/2020/09/03/warnings/ */
import type { ServerResponse } from 'node:http';

/** Of all warnings of one answer, in bytes; the rest is left out. */
const MOST = 4096;

export function warn(response: ServerResponse, text: string): void {
  const before = response.getHeader('warning');
  const warnings = before === undefined ? [] : ([before].flat() as string[]);
  // Quoted as RFC 7234 has it, in one line of printable ASCII.
  const printable = text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&');
  const header = `299 - "${printable}"`;
  if (warnings.includes(header) || warnings.join().length + header.length > MOST) return;
  response.setHeader('warning', [...warnings, header]);
}
