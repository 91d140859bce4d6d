/**
 * How a volume's content is named on the node, so that a restarted daemon knows at a glance what is in place and what must be
 * renewed: a fingerprint of what was asked for, and where there are tokens, when they are due. Pure.
 */
import { createHash } from 'node:crypto';
import type { ProjectedContent } from './projected-content.ts';

export interface Revision {
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly renewAt?: number;
}

/** Raised when volumes are laid out differently: those in place are then written anew. */
const VERSION = 'v1';

/** Of everything in the files but the tokens themselves. */
export function fingerprintOf({ files, tokens, group }: ProjectedContent): string {
  const hash = createHash('sha256');
  if (group !== undefined) hash.update(`group ${group}\n`);
  for (const { path, mode, data } of files) {
    hash.update(`${JSON.stringify([path, mode, data.length])}\n`);
    hash.update(data);
  }
  for (const { path, mode, owner, audience = '', expirationSeconds, account } of tokens) {
    const asked = [path, mode, audience, expirationSeconds, account.name, account.uid];
    hash.update(`${JSON.stringify(owner === undefined ? asked : [...asked, owner])}\n`);
  }
  return `${VERSION}-${hash.digest('hex').slice(0, 32)}`;
}

export function formatRevision({ fingerprint, renewAt }: Revision): string {
  return renewAt === undefined ? fingerprint : `${fingerprint}.${Math.floor(renewAt / 1000)}`;
}

export function parseRevision(text: string): Revision {
  const [fingerprint = '', seconds] = text.split('.');
  return seconds === undefined ? { fingerprint } : { fingerprint, renewAt: Number(seconds) * 1000 };
}
