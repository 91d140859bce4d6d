/** One request and its answer, as the handlers get it from the server. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a handler needs of one request. `signal` aborts when the client is gone or the server stops. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

export function sendJson(response: ServerResponse, code: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
