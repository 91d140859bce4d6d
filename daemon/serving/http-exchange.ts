/** One request and its answer, as far as whoever streams needs to know it: the API server's exchanges are such, and a node's. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborts when the client is gone or the server stops. */
  readonly signal: AbortSignal;
  /** Set where the client asks for another protocol; see listeners.ts. */
  readonly upgrade?: { readonly socket: Duplex; readonly head: Buffer };
}

export function sendJson(response: ServerResponse, code: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
