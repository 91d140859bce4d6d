/** How the npm package is built: our own files become a few, which Node loads in half the time; other packages stay packages. */
import { defineConfig } from 'rolldown';

export default defineConfig({
  // The second is started by its path, as a process of its own.
  input: ['daemon/main.ts', 'daemon/adapters/docker-runtime/netns-dialler-process.ts'],
  platform: 'node',
  external: /^[^./]/,
  output: { dir: 'dist', cleanDir: true, chunkFileNames: '[name].js' },
});
