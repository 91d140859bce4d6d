/** The flags of `sampan run` about images: with what they are pulled, and when they go again. config.ts asks here. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { ImageGarbagePolicy } from '../reconcilers/image-garbage/observation.ts';
import { SampanError } from '../reconcilers/ports/errors.ts';
import { duration, percent } from './flag-values.ts';

export interface ImageConfig {
  /** The folder of Docker's `config.json`. */
  readonly dockerConfig: string;
  readonly garbage: ImageGarbagePolicy;
}

export interface ImageFlags {
  dockerConfig: string;
  imageGcHighThreshold: number;
  imageGcLowThreshold: number;
  minimumImageTtlDuration: number;
}

/** Names and defaults of the last three are the kubelet's. */
export function imageOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--docker-config <dir>', "where docker login keeps registries' passwords, for pulls")
        .env('DOCKER_CONFIG')
        .default(join(homedir(), '.docker')),
    )
    .option(
      '--image-gc-high-threshold <percent>',
      'with so much of the disk in use, unused images that the daemon pulled go; 100: they stay',
      percent,
      85,
    )
    .option('--image-gc-low-threshold <percent>', 'until no more than this is in use', percent, 80)
    .option('--minimum-image-ttl-duration <time>', 'but none that was pulled later', duration, duration('2m'));
}

/** Usage error where the thresholds leave no room between them. */
export function imageConfig(flags: ImageFlags): ImageConfig {
  const { imageGcHighThreshold: highPercent, imageGcLowThreshold: lowPercent } = flags;
  if (lowPercent >= highPercent) {
    throw new SampanError('Usage', {
      detail: `--image-gc-low-threshold: expected less than --image-gc-high-threshold (${highPercent}), got ${lowPercent}`,
    });
  }
  return {
    dockerConfig: resolve(flags.dockerConfig),
    garbage: { highPercent, lowPercent, minimumAgeMs: flags.minimumImageTtlDuration },
  };
}
