/** The process that asks: one socket, so many questions unanswered at a time, the next when an answer comes. Started by ../dns.ts. */
import { createSocket } from 'node:dgram';
import { addressQuestions, mixedQuestions } from './names.ts';

export interface Load {
  readonly port: number;
  readonly seconds: number;
  /** Unanswered at a time. */
  readonly outstanding: number;
  readonly questions: 'mixed' | 'addresses';
}

export interface LoadReport {
  readonly answers: number;
  readonly lost: number;
  /** Codes other than NOERROR and NXDOMAIN. */
  readonly failures: number;
  readonly seconds: number;
  /** Sorted, of a sample. */
  readonly latenciesMs: readonly number[];
}

const SAMPLE = 8;
/** What is not answered by then is lost, and asked anew. */
const LOST_MS = 1_000;

async function load({ port, seconds, outstanding, questions: which }: Load): Promise<LoadReport> {
  const questions = which === 'mixed' ? mixedQuestions() : addressQuestions();
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
  const sentAt = new Float64Array(65_536);
  const latencies: number[] = [];
  let [answers, failures, lost, id, next] = [0, 0, 0, 0, 0];
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  const ask = (now: number) => {
    id = (id + 1) % 65_536;
    next = (next + 1) % questions.length;
    const packet = Buffer.from(questions[next] as Buffer);
    packet.writeUInt16BE(id, 0);
    sentAt[id] = now;
    socket.send(packet);
  };
  await new Promise<void>((resolve) => {
    socket.on('message', (reply) => {
      const now = performance.now();
      const asked = reply.readUInt16BE(0);
      const at = sentAt[asked] as number;
      if (at === 0) return;
      sentAt[asked] = 0;
      answers += 1;
      const code = reply.readUInt8(3) & 0xf;
      if (code !== 0 && code !== 3) failures += 1;
      if (answers % SAMPLE === 0) latencies.push(now - at);
      if (now < until) ask(now);
      else resolve();
    });
    const watch = setInterval(() => {
      const now = performance.now();
      for (let i = 0; i < sentAt.length; i++) {
        const at = sentAt[i] as number;
        if (at === 0 || now - at < LOST_MS) continue;
        sentAt[i] = 0;
        lost += 1;
        if (now < until) ask(now);
      }
      if (now < until) return;
      clearInterval(watch);
      resolve();
    }, 100);
    for (let i = 0; i < outstanding; i++) ask(performance.now());
  });
  const took = (performance.now() - startedAt) / 1000;
  socket.close();
  return { answers, lost, failures, seconds: took, latenciesMs: latencies.sort((a, b) => a - b) };
}

process.on('message', async (order: Load) => {
  process.send?.(await load(order));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
