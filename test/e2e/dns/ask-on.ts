/** Asks a server for the IPv4 addresses of a name, every 10 ms until its input ends; prints how that went as JSON. `test/e2e/dns.test.ts` runs it in a pod's network. */
import { Resolver } from 'node:dns/promises';

const EVERY_MS = 10;
const [server = '', name = ''] = process.argv.slice(2);
let asked = 0;
let longestMs = 0;
const failures: string[] = [];
const questions: Promise<void>[] = [];

async function ask(): Promise<void> {
  // One of its own each: a pool's sockets would queue behind one that waits.
  const resolver = new Resolver({ timeout: 5_000, tries: 1 });
  resolver.setServers([server]);
  const began = performance.now();
  asked += 1;
  try {
    await resolver.resolve4(name);
    longestMs = Math.max(longestMs, performance.now() - began);
  } catch (error) {
    failures.push((error as NodeJS.ErrnoException).code ?? String(error));
  }
}

const asking = setInterval(() => questions.push(ask()), EVERY_MS);
process.stdin.resume().on('end', async () => {
  clearInterval(asking);
  await Promise.all(questions);
  process.stdout.write(JSON.stringify({ asked, failures, longestMs: Math.round(longestMs) }));
});
