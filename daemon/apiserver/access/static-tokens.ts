/**
 * The tokens of `--token-auth-file`: CSV lines of token, user, uid and, in quotes, groups. Pure; read once at the start.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file
 */
import { createHash } from 'node:crypto';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { TokenAuthenticator } from './authentication.ts';
import type { UserInfo } from './user.ts';

/** `file` names it in errors, which never repeat a token. Usage error where a line cannot be read. */
export function staticTokens(csv: string, file: string): TokenAuthenticator {
  // By their hashes: how long a look-up takes says nothing of how much of a token was right.
  const users = new Map<string, UserInfo>();
  for (const [index, line] of csv.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const where = `${file}:${index + 1}`;
    const [token = '', name = '', uid = '', groups = '', ...more] = columnsOf(line, where);
    if (token === '' || name === '' || more.length > 0) {
      throw new SampanError('Usage', { detail: `${where}: expected token,user,uid,"group1,group2"` });
    }
    const key = hashOf(token);
    if (users.has(key)) throw new SampanError('Usage', { detail: `${where}: the token of an earlier line again` });
    const listed = groups.split(',').map((group) => group.trim());
    users.set(key, { name, ...(uid !== '' && { uid }), groups: listed.filter((group) => group !== '') });
  }
  return async (token) => users.get(hashOf(token));
}

/** RFC 4180, one record: columns apart by commas, quotes around those that hold one, a quote within doubled. */
function columnsOf(line: string, where: string): string[] {
  const columns: string[] = [];
  const column = /\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(,|$)/y;
  for (;;) {
    const match = column.exec(line);
    if (match === null) throw new SampanError('Usage', { detail: `${where}: quotes do not match` });
    columns.push(match[1]?.replaceAll('""', '"') ?? (match[2] as string).trim());
    if (match[3] === '') return columns;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
