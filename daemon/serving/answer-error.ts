/** How a request ends that could not be answered as asked: with a Status where one can still be sent, else with the connection. */
import { isAbort, messageOf, SampanError } from '../../reconcilers/ports/errors.ts';
import type { Log } from '../../reconcilers/ports/log.ts';
import { sendJson } from './http-exchange.ts';
import type { Arrival } from './listeners.ts';
import { statusOf } from './status.ts';

/** What is in no table of errors goes into the log as well. `signal`: the client is gone, or the server stops. */
export function answerError(arrival: Arrival, error: unknown, signal: AbortSignal, log: Log): void {
  const { request, response, upgrade } = arrival;
  if (!(error instanceof SampanError) && !signal.aborted && !isAbort(error)) {
    log.error('request failed', { method: request.method, url: request.url, error: messageOf(error) });
  }
  // Only who took the socket over has no more to answer on; the answer to a plain request may still wait for the one before it.
  const late = response.headersSent || (upgrade !== undefined && response.socket === null);
  if (signal.aborted || isAbort(error) || late) {
    response.destroy();
    upgrade?.socket.destroy();
    return;
  }
  sendError(arrival, error);
}

function sendError({ request, response }: Arrival, error: unknown): void {
  const status = statusOf(error);
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter));
  // A client that still sends reads the answer only when it is through; the listener limits how long that may take.
  request.resume();
  sendJson(response, status.code, status);
}
