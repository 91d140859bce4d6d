/** A DNS server of the tests', on loopback over UDP and TCP, that others' names are asked for: it answers what a test tells it to. */
import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server as TcpServer } from 'node:net';
import { type Answer, type DecodedPacket, decode, encode } from 'dns-packet';
import type { Server } from '../../../daemon/dns/upstream/exchange.ts';

export interface Told {
  readonly rcode?: number;
  readonly flags?: number;
  readonly answers?: Answer[];
  readonly authorities?: Answer[];
}

export interface Question {
  readonly name: string;
  readonly type: string;
  readonly over: 'udp' | 'tcp';
  readonly packet: DecodedPacket;
}

export class UpstreamServer implements Server {
  readonly address = '127.0.0.1';
  readonly port: number;
  /** Every question that came, in order. */
  readonly asked: Question[] = [];
  /** Undefined: silence. */
  answer: (question: Question) => Told | Buffer | undefined = () => ({});
  readonly #udp: Socket;
  readonly #tcp: TcpServer;

  private constructor(udp: Socket, tcp: TcpServer, port: number) {
    this.#udp = udp;
    this.#tcp = tcp;
    this.port = port;
  }

  static async start(): Promise<UpstreamServer> {
    const tcp = createServer();
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    const bound = tcp.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const udp = createSocket('udp4');
    await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve));
    const server = new UpstreamServer(udp, tcp, port);
    udp.on('message', (packet, client) => {
      const reply = server.#replyTo(packet, 'udp');
      if (reply !== undefined) udp.send(reply, client.port, client.address);
    });
    tcp.on('connection', (socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (framed: Buffer) => {
        const reply = server.#replyTo(framed.subarray(2), 'tcp');
        if (reply === undefined) return;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length);
        socket.write(length);
        socket.end(reply);
      });
    });
    return server;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#udp.close(resolve));
    await new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
  }

  #replyTo(packet: Buffer, over: Question['over']): Buffer | undefined {
    const read = decode(packet);
    const [question] = read.questions ?? [];
    const asked = { name: question?.name ?? '', type: question?.type ?? '', over, packet: read };
    this.asked.push(asked);
    const told = this.answer(asked);
    if (told === undefined || Buffer.isBuffer(told)) return told;
    const { rcode = 0, flags = 0, answers = [], authorities = [] } = told;
    return encode({
      type: 'response',
      id: read.id,
      flags: 0x0180 | flags | rcode,
      questions: read.questions,
      answers,
      authorities,
      additionals: read.additionals,
    });
  }
}
