/**
 * An image registry with one image, `tiny:1`, on 127.0.0.1:5000, for tests to pull from: run as a program inside the Docker engine's
 * network namespace. It knows just enough of https://distribution.github.io/distribution/spec/api/ for that.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A tar archive (POSIX ustar) with one file. */
function tar(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const size = content.length.toString(8).padStart(11, '0');
  header.write(name, 0);
  header.write(`0000755\u00000000000\u00000000000\u0000${size}\u000000000000000\u0000        0`, 100);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, Buffer.alloc(1024)]);
}

const archive = tar('data', Buffer.alloc(2_000_000, 'sampan'));
const layer = gzipSync(archive, { level: 0 });
const config = Buffer.from(
  JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Cmd: ['/data'] },
    rootfs: { type: 'layers', diff_ids: [digestOf(archive)] },
  }),
);
const blobs = new Map([layer, config].map((bytes) => [digestOf(bytes), bytes]));
const dockerType = (what: string) => `application/vnd.docker.${what}`;
const manifestType = dockerType('distribution.manifest.v2+json');
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: dockerType('container.image.v1+json'), size: config.length, digest: digestOf(config) },
    layers: [{ mediaType: dockerType('image.rootfs.diff.tar.gzip'), size: layer.length, digest: digestOf(layer) }],
  }),
);

const server = createServer((request, response) => {
  const url = request.url ?? '';
  const [, kind = '', reference = ''] = /^\/v2\/tiny\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
  const isManifest = kind === 'manifests' && (reference === '1' || reference === digestOf(manifest));
  const bytes = isManifest ? manifest : blobs.get(reference);
  if (url === '/v2/') return void response.end('{}');
  if (bytes === undefined) {
    const error = { code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' };
    return void response
      .writeHead(404, { 'content-type': 'application/json' })
      .end(JSON.stringify({ errors: [error] }));
  }
  response.writeHead(200, {
    'content-type': isManifest ? manifestType : 'application/octet-stream',
    'content-length': bytes.length,
    'docker-content-digest': digestOf(bytes),
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
});
server.listen(5000, '127.0.0.1', () => console.log('listening'));
