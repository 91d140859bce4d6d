import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { DockerClient } from '../../../daemon/adapters/docker-runtime/docker-client.ts';
import { DockerRuntime } from '../../../daemon/adapters/docker-runtime/docker-runtime.ts';
import type { PullProgress } from '../../../reconcilers/ports/container-runtime.ts';
import { eventually } from '../../e2e/harness/eventually.ts';
import { json, type ScriptedEngine, startScriptedEngine } from './scripted-engine.ts';

describe('docker runtime', () => {
  let engine: ScriptedEngine;
  let runtime: DockerRuntime;
  beforeEach(async () => {
    engine = await startScriptedEngine();
    runtime = new DockerRuntime(engine.endpoint);
  });
  afterEach(async () => {
    runtime.close();
    await engine.close();
  });

  describe('the API version', () => {
    it("is the engine's where that is older, else the newest known", async () => {
      engine.answers.set('GET /images/json', json(200, []));
      await runtime.images();
      engine.apiVersion = '1.99';
      const other = new DockerRuntime(engine.endpoint);
      await other.images();
      other.close();
      assert.deepEqual(
        engine.raw.map(({ url }) => url.split('/')[1]),
        ['v1.41', 'v1.51'],
      );
    });

    it('is agreed on anew when the engine became another', async () => {
      engine.apiVersion = '1.45';
      engine.answers.set('GET /images/json', (response, request) => {
        if (request.url?.startsWith(`/v${engine.apiVersion}/`)) return json(200, [])(response);
        json(400, { message: 'client version 1.45 is too new. Maximum supported API version is 1.41' })(response);
      });
      await runtime.images();
      engine.apiVersion = '1.41';
      assert.deepEqual(await runtime.images(), []);
    });

    it('is refused where it is older than Docker 20.10', async () => {
      engine.apiVersion = '1.40';
      await assert.rejects(runtime.images(), { code: 'RuntimeUnavailable', message: /Docker 20\.10/ });
    });
  });

  describe("the engine's address", () => {
    it('is never taken from the environment', async () => {
      const before = process.env.DOCKER_HOST;
      process.env.DOCKER_HOST = 'tcp://127.0.0.1:1';
      try {
        engine.answers.set('GET /images/json', json(200, []));
        const other = new DockerRuntime(engine.endpoint);
        assert.deepEqual(await other.images(), []);
        other.close();
      } finally {
        if (before === undefined) delete process.env.DOCKER_HOST;
        else process.env.DOCKER_HOST = before;
      }
    });

    it('is refused in a form that is not known', () => {
      for (const endpoint of ['', 'docker', 'ssh://host', 'unix://', 'tcp://']) {
        assert.throws(() => new DockerRuntime(endpoint), { code: 'Usage' });
      }
    });

    it('may be a socket that is not there (yet), or a port nobody listens at', async () => {
      for (const endpoint of ['unix:///no/such/docker.sock', 'tcp://127.0.0.1:1']) {
        const nobody = new DockerRuntime(endpoint);
        await assert.rejects(nobody.inspect('x'), { code: 'RuntimeUnavailable', message: /ENOENT|ECONNREFUSED/ });
      }
    });
  });

  describe('a request', () => {
    it('that is not answered in time is given up', async () => {
      engine.answers.set('GET /slow', () => {});
      const docker = new DockerClient(engine.endpoint);
      const request = docker.request('GET', '/slow', { deadlineMs: 50 });
      await assert.rejects(request, {
        code: 'RuntimeUnavailable',
        message: /no answer to GET .*\/slow within 0\.05 s/,
      });
      docker.close();
    });

    it('that is called off closes its connection', async () => {
      engine.answers.set('GET /slow', () => {});
      const docker = new DockerClient(engine.endpoint);
      const controller = new AbortController();
      const request = docker.request('GET', '/slow', { signal: controller.signal });
      await eventually(() => engine.requests.includes('GET /slow'), { describe: 'the request' });
      controller.abort();
      await assert.rejects(request, { name: 'AbortError' });
      docker.close();
      await eventually(async () => (await engine.connections()) === 0, { describe: 'the connection to be closed' });
    });

    it('that is cut off means that the engine is not available', async () => {
      engine.answers.set('GET /containers/x/json', (response) => response.destroy());
      await assert.rejects(runtime.inspect('x'), { code: 'RuntimeUnavailable', message: /socket hang up|ECONNRESET/ });
    });

    it('that Docker itself fails keeps its sentence', async () => {
      engine.answers.set('GET /containers/x/json', json(500, { message: 'layer does not exist' }));
      await assert.rejects(runtime.inspect('x'), { code: 'Internal', message: /layer does not exist/ });
    });
  });

  describe('remove', () => {
    it('waits where the removal is under way already', async () => {
      const sentence = 'removal of container x is already in progress';
      engine.answers.set('DELETE /containers/x', json(409, { message: sentence }));
      engine.answers.set('POST /containers/x/wait', json(200, { StatusCode: 0 }));
      await runtime.remove('x');
      assert.deepEqual(engine.requests, ['DELETE /containers/x', 'POST /containers/x/wait']);
      assert.match(engine.raw[0]?.url ?? '', /force=true&v=true/);
      assert.match(engine.raw[1]?.url ?? '', /condition=removed/);
    });

    it('keeps the sentence of what Docker cannot remove', async () => {
      engine.answers.set('DELETE /containers/x', json(500, { message: 'device or resource busy' }));
      await assert.rejects(runtime.remove('x'), { code: 'ContainerRefused', message: /device or resource busy/ });
    });
  });

  describe('start', () => {
    it('takes 304 as success', async () => {
      engine.answers.set('POST /containers/x/start', (response) => void response.writeHead(304).end());
      engine.answers.set('GET /containers/x/json', json(404, { message: 'No such container: x' }));
      await assert.rejects(runtime.start('x'), { code: 'ContainerMissing' }); // the inspect that follows finds nothing
      assert.deepEqual(engine.requests, ['POST /containers/x/start', 'GET /containers/x/json']);
    });

    it('tells a missing container from another that it needs', async () => {
      engine.answers.set('POST /containers/x/start', json(404, { message: 'No such container: sandbox' }));
      engine.answers.set('GET /containers/x/json', json(404, { message: 'No such container: x' }));
      await assert.rejects(runtime.start('x'), { code: 'ContainerStartFailed', message: /No such container: sandbox/ });
      engine.answers.set('POST /containers/x/start', json(404, { message: 'No such container: x' }));
      await assert.rejects(runtime.start('x'), { code: 'ContainerMissing' });
    });
  });

  describe('create', () => {
    const spec = { name: 'web', image: 'web', labels: {}, network: { kind: 'host' } } as const;
    const bodyWith = async (LoggingDriver: string): Promise<{ HostConfig: object }> => {
      engine.answers.set('GET /info', json(200, { LoggingDriver }));
      engine.answers.set('POST /containers/create', json(201, { Id: 'abc' }));
      assert.equal(await runtime.create(spec), 'abc');
      return JSON.parse(engine.raw.at(-1)?.body ?? '');
    };

    it('leaves logs to an engine with a driver of its own choice', async () => {
      assert.ok(!('LogConfig' in (await bodyWith('journald')).HostConfig));
    });

    it('asks for the log driver once', async () => {
      await bodyWith('json-file');
      await runtime.create(spec);
      assert.equal(engine.requests.filter((request) => request === 'GET /info').length, 1);
    });
  });

  describe('events', () => {
    it('end quietly when called off, and the connection is closed', async () => {
      engine.answers.set('GET /events', (response) => response.flushHeaders());
      const controller = new AbortController();
      const types: string[] = [];
      for await (const { type } of runtime.events('x', controller.signal)) {
        types.push(type);
        setImmediate(() => controller.abort());
      }
      assert.deepEqual(types, ['listening']);
      runtime.close();
      await eventually(async () => (await engine.connections()) === 0, { describe: 'the connection to be closed' });
    });

    it('throw when the stream ends or breaks', async () => {
      for (const end of [
        (response: ServerResponse) => response.end(),
        (response: ServerResponse) => response.destroy(),
      ]) {
        engine.answers.set('GET /events', (response) => {
          response.flushHeaders();
          setImmediate(end, response);
        });
        const reading = (async () => {
          for await (const _ of runtime.events('x', new AbortController().signal));
        })();
        await assert.rejects(reading, { code: 'RuntimeUnavailable' });
      }
    });

    it('survive being cut anywhere', async () => {
      const event = {
        Type: 'container',
        Action: 'die',
        Actor: { ID: 'é1', Attributes: { x: '', name: 'n', image: 'i', exitCode: '1' } },
        timeNano: 1.7e18,
      };
      const bytes = Buffer.from(`${JSON.stringify(event)}\n`);
      engine.answers.set('GET /events', async (response) => {
        for (const byte of bytes)
          await new Promise<void>((resolve) => response.write(Buffer.of(byte), () => resolve()));
      });
      const controller = new AbortController();
      for await (const told of runtime.events('x', controller.signal)) {
        if (told.type === 'listening') continue;
        assert.deepEqual(told, { type: 'died', id: 'é1', labels: { x: '' }, at: 1.7e12 });
        controller.abort();
      }
      assert.ok(controller.signal.aborted);
    });
  });

  describe('pull', () => {
    const found = { Id: 'sha256:1', RepoTags: ['a:1'], RepoDigests: [], Size: 5 };
    let pulling: ServerResponse;
    beforeEach(() => {
      engine.answers.set('POST /images/create', (response) => {
        pulling = response;
        response.flushHeaders();
      });
      engine.answers.set('GET /images/json', json(200, []));
      engine.answers.set('GET /images/a%3A1/json', json(200, found));
    });
    const underWay = (times = 1) =>
      eventually(() => engine.requests.filter((request) => request === 'POST /images/create').length === times, {
        describe: `${times} pull(s) to be under way`,
      });
    const say = (line: object) => pulling.write(`${JSON.stringify(line)}\n`);

    it('is one for all who ask, and tells all of them', async () => {
      const heard: PullProgress[][] = [[], []];
      const { signal } = new AbortController();
      const pulls = heard.map((list) => runtime.pull('a:1', (progress) => list.push(progress), signal));
      await underWay();
      say({ status: 'Downloading', id: 'l1', progressDetail: { current: 1, total: 4 } });
      await eventually(() => heard[1]?.length === 1, { describe: 'the progress' });
      const late: PullProgress[] = [];
      const latePull = runtime.pull('a:1', (progress) => late.push(progress), signal);
      pulling.end();
      const image = { id: 'sha256:1', names: ['a:1'], sizeBytes: 5, isNew: true };
      assert.deepEqual(await Promise.all([...pulls, latePull]), [image, image, image]);
      const progress = [{ current: 1, total: 4, status: 'Downloading' }];
      assert.deepEqual([...heard, late], [progress, progress, progress]);
      await underWay(1);
    });

    it('goes on while one still waits, and is called off when the last one leaves', async () => {
      const [one, other] = [new AbortController(), new AbortController()];
      const pulls = [one, other].map(({ signal }) => runtime.pull('a:1', () => {}, signal));
      await underWay();
      const closed = new Promise((resolve) => pulling.once('close', resolve));
      one.abort();
      await assert.rejects(pulls[0] as Promise<unknown>, { name: 'AbortError' });
      assert.equal(pulling.destroyed, false);
      other.abort();
      await assert.rejects(pulls[1] as Promise<unknown>, { name: 'AbortError' });
      await closed;

      const again = runtime.pull('a:1', () => {}, new AbortController().signal);
      await underWay(2);
      pulling.end();
      assert.equal((await again).id, 'sha256:1');
    });

    it("fails for all with Docker's sentence, without credentials", async () => {
      const { signal } = new AbortController();
      const pulls = [1, 2].map(() => runtime.pull('a:1', () => {}, signal));
      await underWay();
      say({ error: 'Get https://me:secret@registry.example/v2/: unauthorized' });
      pulling.end();
      for (const result of await Promise.allSettled(pulls)) {
        assert.equal(result.status, 'rejected');
        const { code, message } = result.reason;
        assert.equal(code, 'ImagePullFailed');
        const why = 'docker.io refuses the image without credentials, and no pull secret has any for it';
        assert.equal(message, `cannot pull a:1: ${why} (Docker: Get https://registry.example/v2/: unauthorized)`);
      }
    });

    it('hands credentials to the engine, and joins only those who have the same', async () => {
      const { signal } = new AbortController();
      const mine = { username: 'me', password: 'sécret?~' };
      const pulls = [mine, { ...mine }].map((credentials) => runtime.pull('a:1', () => {}, signal, credentials));
      await underWay();
      const first = pulling;
      const other = runtime.pull('a:1', () => {}, signal, { ...mine, password: 'other' });
      await underWay(2);
      first.end();
      pulling.end();
      await Promise.all([...pulls, other]);
      const sent = engine.raw
        .filter(({ url }) => url.includes('/images/create'))
        .map(({ headers }) => headers['x-registry-auth']);
      const read = sent.map((header) => JSON.parse(Buffer.from(String(header), 'base64url').toString()));
      assert.deepEqual(read, [mine, { ...mine, password: 'other' }]);
      assert.ok(sent.every((header) => !/[+/]/.test(String(header))));
    });

    it('tells whether the image is one that the engine had, whatever it was called', async () => {
      engine.answers.set('GET /images/json', json(200, [{ ...found, RepoTags: ['mine:1'] }]));
      const pull = runtime.pull('a:1', () => {}, new AbortController().signal);
      await underWay();
      pulling.end();
      assert.equal((await pull).isNew, false);
    });

    it('that breaks off means that the engine is not available', async () => {
      const pull = runtime.pull('a:1', () => {}, new AbortController().signal);
      await underWay();
      pulling.destroy();
      await assert.rejects(pull, { code: 'RuntimeUnavailable' });
    });
  });

  describe('closing', () => {
    it('lets go of the streams of a command that goes on, and of what is asked for later', async () => {
      engine.answers.set('POST /containers/app/exec', json(201, { Id: 'e1' }));
      engine.answers.set('POST /exec/e1/start', (response) => {
        response.socket?.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
      });
      const choice = { tty: false, stdin: false, stdout: true, stderr: true };
      const session = await runtime.exec('app', { command: ['sleep', '60'], ...choice });
      const reading = Array.fromAsync(session.output);
      assert.ok((await engine.connections()) > 0);
      runtime.close();
      await assert.rejects(reading, { code: 'RuntimeUnavailable' });
      await assert.rejects(session.exitCode(), { code: 'RuntimeUnavailable' });
      await eventually(async () => (await engine.connections()) === 0, { describe: 'all connections to be closed' });
    });
  });
});
