/**
 * Reads what `docker login` left on this machine. `sampan run` hands it to the kubelet. Credential helpers are not asked: what they
 * keep is not in the file.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../reconcilers/ports/log.ts';
import type { NodeLogins } from '../../reconcilers/ports/node-logins.ts';

/** `folder`: as $DOCKER_CONFIG has it. */
export function nodeLoginsIn(folder: string, log: Log): NodeLogins {
  const path = join(folder, 'config.json');
  return async () => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['ENOENT', 'ENOTDIR'].includes(code))
        log.error("the node's Docker logins cannot be read", { path, error: code });
      return undefined;
    }
  };
}
