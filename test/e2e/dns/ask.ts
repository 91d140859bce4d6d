/**
 * Asks a DNS server as a program in a container does, from inside a container's network namespace: `ask.ts SERVER METHOD NAME...`, with
 * Node's own resolver (c-ares), which goes over to TCP by itself. Prints what came as JSON.
 */
import { promises } from 'node:dns';

const [server = '', method = '', ...names] = process.argv.slice(2);
const resolver = new promises.Resolver({ timeout: 1_000, tries: 3 });
resolver.setServers([server]);
const ask = resolver[method as 'resolve4'].bind(resolver);
const answers = await Promise.all(
  names.map((name) => ask(name).catch((error: NodeJS.ErrnoException) => error.code ?? String(error))),
);
console.log(JSON.stringify(answers));
