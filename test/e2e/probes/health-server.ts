/** A program that speaks grpc.health.v1 on the port of its argument: SERVING. Started by the probes' tests inside a pod's network. */
import { Server, ServerCredentials } from '@grpc/grpc-js';

/** `HealthCheckResponse { status = 1: SERVING }` */
const SERVING = Buffer.from([0x08, 0x01]);

const server = new Server();
server.register(
  '/grpc.health.v1.Health/Check',
  (_call: unknown, callback: (error: null, value: Buffer) => void) => callback(null, SERVING),
  (value: Buffer) => value,
  (bytes: Buffer) => bytes,
  'unary',
);
server.bindAsync(`0.0.0.0:${process.argv[2]}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
