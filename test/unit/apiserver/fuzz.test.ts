/**
 * Sends the API server thousands of requests that are nearly right: each is answered, in time, with what Kubernetes could have
 * answered, and whatever it took leaves only whole and valid objects behind. `API_FUZZ=100000` sends so many, `SEED=...` repeats a
 * run, `SEED=... API_FUZZ=1` one case.
 */
import assert from 'node:assert/strict';
import { Dice } from './fuzz/dice.ts';
import { createFuzzBed, type FuzzAnswer, type FuzzBed } from './fuzz/fuzz-bed.ts';
import { connectionOf, speak } from './fuzz/raw.ts';
import { type FuzzRequest, requestOf } from './fuzz/requests.ts';

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000_000);
const CASES = Number(process.env.API_FUZZ ?? 2_000);
/** With a fresh server each. */
const BATCH = 500;
const AT_ONCE = 16;
/** Of the failures. */
const SHOWN = 10;
const DEADLINE_MS = 10_000;

/** Those that refuse, or are about the service of the moment, as Kubernetes has them. */
const UNAVAILABLE = [501, 502, 503, 504];

describe('the API server under fuzz', () => {
  it(`answers every one of ${CASES} cases, seed ${SEED}`, async function () {
    this.timeout(30_000 + CASES * 20);
    const codes = new Map<number, number>();
    const failures: string[] = [];
    for (let from = 0; from < CASES; from += BATCH) {
      await runBatch(SEED + from, Math.min(BATCH, CASES - from), codes, failures);
    }
    assert.equal(failures.length, 0, failures.slice(0, SHOWN).join('\n'));
    if (process.env.API_FUZZ) process.stdout.write(`${CASES} cases: ${summary(codes)}\n`);
    assert.ok(
      CASES < 1_000 || (codes.get(200) ?? 0) + (codes.get(201) ?? 0) > CASES / 20,
      `too few hit: ${summary(codes)}`,
    );
  });

  it(`outlives connections that say anything, seed ${SEED}`, async function () {
    this.timeout(30_000 + CASES * 20);
    const codes = new Map<number, number>();
    await runRaw(codes);
    assert.ok((codes.get(101) ?? 0) > RAW_CASES / 50, `too few were upgraded: ${summary(codes)}`);
  });
});

/** On connections of their own. */
const RAW_CASES = Math.max(200, CASES / 20);

async function runRaw(codes: Map<number, number>): Promise<void> {
  const bed = await createFuzzBed();
  try {
    let next = SEED;
    const worker = async () => {
      while (next < SEED + RAW_CASES) {
        const seed = next++;
        const answer = await speak(bed.socketPath, connectionOf(new Dice(seed)));
        const code = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
        assert.ok(code < 500 || UNAVAILABLE.includes(code), `SEED=${seed}: ${answer.slice(0, 500)}`);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await bed.check();
  } finally {
    await bed.close();
  }
}

async function runBatch(first: number, count: number, codes: Map<number, number>, failures: string[]): Promise<void> {
  const bed = await createFuzzBed();
  try {
    let next = first;
    const worker = async () => {
      while (next < first + count) {
        const code = await runCase(bed, next++).catch((error: Error) => {
          failures.push(error.message);
          return -1;
        });
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await bed.check().catch((error: Error) => {
      failures.push(`after the batch SEED=${first} API_FUZZ=${count}: ${error.message}`);
    });
  } finally {
    await bed.close();
  }
}

async function runCase(bed: FuzzBed, seed: number): Promise<number> {
  const request = requestOf(seed);
  try {
    const answer = await bed.send(request, DEADLINE_MS);
    assertLawful(request, answer);
    return answer.code;
  } catch (error) {
    const { method, path, headers, body } = request;
    // A long body is still on its way when node:http hangs up.
    if (isRefusedByHttp(400, path) && ['EPIPE', 'ECONNRESET'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return 400;
    const asked = `${method} ${path.slice(0, 300)} ${JSON.stringify(headers).slice(0, 300)} ${body.toString().slice(0, 1000)}`;
    throw new Error(`SEED=${seed} API_FUZZ=1: ${String(error)}, asked ${asked}`, { cause: error });
  }
}

function assertLawful({ method, path }: FuzzRequest, { code, contentType, text, isStream }: FuzzAnswer): void {
  const isRefusal = code >= 400;
  assert.ok((code >= 200 && code < 500) || UNAVAILABLE.includes(code), `${code} ${text.slice(0, 500)}`);
  if (method === 'HEAD' || isStream) return;
  if (contentType.startsWith('application/json') && text !== '') JSON.parse(text);
  const { pathname } = URL.parse(path, 'http://server') ?? { pathname: '' };
  const isApi = /^\/apis?\//.test(pathname) && !pathname.includes('/proxy');
  if (!isRefusal || !isApi || isRefusedByHttp(code, path)) return;
  const status = JSON.parse(text);
  assert.deepEqual([status.kind, status.code, status.status], ['Status', code, 'Failure'], text.slice(0, 500));
  assert.ok(typeof status.message === 'string' && typeof status.reason === 'string', text.slice(0, 500));
}

/** What node:http answers by itself, as Go's server does: expectations it cannot meet, and URLs that are not ASCII. */
function isRefusedByHttp(code: number, path: string): boolean {
  return code === 417 || (code === 400 && /[^!-~]/.test(path));
}

function summary(codes: ReadonlyMap<number, number>): string {
  return [...codes]
    .sort(([a], [b]) => a - b)
    .map(([code, count]) => `${code}: ${count}`)
    .join(', ');
}
