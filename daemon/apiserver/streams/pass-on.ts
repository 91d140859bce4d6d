/**
 * A request passed on to another HTTP server, and its answer passed back as it comes, no faster than either side takes it; where it leaves
 * HTTP, both sides are joined. `proxy` does so with programs of pods, and whatever a pod's node has to answer with that node's server.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isAbort, messageOf } from '../../../reconcilers/ports/errors.ts';
import type { HttpExchange } from '../../serving/http-exchange.ts';
import { joinDirections } from '../../serving/join-directions.ts';
import { asksForUpgrade, keepOpen, takeOver, type Upgrade } from '../../serving/upgrade.ts';
import { unreachable } from '../nodes/unreachable.ts';
import type { Headers } from './proxy/headers.ts';

export interface Onward {
  /** Of which nothing is sent yet. It ends with the exchange's signal. */
  readonly outgoing: ClientRequest;
  /** Those of its answer that go back. */
  readonly headersOf: (answer: IncomingMessage) => Headers;
  /** Before the sentence that says why there is no answer. */
  readonly failure: string;
  /** Throws where the answer says something to us, not to the client. */
  readonly check?: (answer: IncomingMessage) => Promise<void>;
}

/** ServiceUnavailable where there is no answer, or it breaks off. */
export function passOn(exchange: HttpExchange, onward: Onward): Promise<void> {
  return asksForUpgrade(exchange) ? passUpgrade(exchange, onward) : passPlain(exchange, onward);
}

async function passPlain(exchange: HttpExchange, onward: Onward): Promise<void> {
  const sending = pipeline(exchange.request, onward.outgoing);
  sending.catch(() => {}); // an answer may come before the body was read; without one, `answerTo` tells
  await answerWith(exchange, await answerTo(onward), onward);
}

async function passUpgrade(upgrade: Upgrade, onward: Onward): Promise<void> {
  const { outgoing, headersOf } = onward;
  const agreed = new Promise<[IncomingMessage, Socket, Buffer]>((resolve) => {
    outgoing.once('upgrade', (...event) => resolve(event as [IncomingMessage, Socket, Buffer]));
  });
  outgoing.end();
  const outcome = await Promise.race([agreed, answerTo(onward)]);
  if (!Array.isArray(outcome)) return answerWith(upgrade, outcome, onward);
  const [answer, behind, first] = outcome;
  const socket = takeOver(upgrade);
  keepOpen(behind);
  // Its end is that of one direction: the client may still have to read what came before it, and say something meanwhile.
  behind.allowHalfOpen = true;
  writeHead(socket, answer, {
    ...headersOf(answer),
    connection: 'Upgrade',
    upgrade: answer.headers.upgrade ?? '',
  });
  if (first.length > 0) behind.unshift(first);
  if (upgrade.upgrade.head.length > 0) socket.unshift(upgrade.upgrade.head);
  const stop = () => behind.destroy();
  upgrade.signal.addEventListener('abort', stop, { once: true });
  await joinDirections(socket, behind);
  upgrade.signal.removeEventListener('abort', stop);
}

async function answerWith({ response }: HttpExchange, answer: IncomingMessage, { headersOf, check }: Onward) {
  await check?.(answer);
  response.writeHead(answer.statusCode as number, answer.statusMessage, headersOf(answer));
  // What is followed may say nothing for long.
  response.flushHeaders();
  await pipeline(answer, response).catch((error) => {
    throw unreachable(`the answer broke off: ${messageOf(error)}`, error);
  });
}

export function answerTo({ outgoing, failure }: Pick<Onward, 'outgoing' | 'failure'>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', (error) => {
      reject(isAbort(error) ? error : unreachable(`${failure}: ${messageOf(error)}`, error));
    });
  });
}

function writeHead(socket: Duplex, answer: IncomingMessage, headers: Headers): void {
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${each}`));
  socket.write([`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`, ...lines, '\r\n'].join('\r\n'));
}
