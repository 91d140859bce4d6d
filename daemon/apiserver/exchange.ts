/** One request and its answer, as the handlers get it from the pipeline. */
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { HttpExchange } from '../serving/http-exchange.ts';
import type { RequestAttributes } from './access/request-attributes.ts';
import type { UserInfo } from './access/user.ts';

/** What a handler needs of one request. */
export interface Exchange extends HttpExchange {
  /** Who asks; let in already. Where somebody is impersonated, that one. */
  readonly user: UserInfo;
  /** '' on the unix socket. */
  readonly sourceIp: string;
  /** What was authorized. */
  readonly attributes: RequestAttributes;
  /** What the audit log cannot know from the path: the name of what was created. */
  readonly audited: { name?: string };
}

/** What a client of the API reads is a Status; to everybody else it is said in Kubernetes' plain words. */
export function sendNoSuchPath({ attributes, response }: Exchange): void {
  if (/^\/apis?\//.test(attributes.path)) throw new SampanError('PathNotFound');
  const text = '404 page not found\n';
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8', 'content-length': text.length });
  response.end(text);
}
