/** Carries out the actions of the clean-up of images. What Docker refuses to remove is in use after all: people are told, and it stays. */
import type { EventRecorder } from '../kit/event-recorder.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import type { Clock } from '../ports/clock.ts';
import type { ContainerRuntime } from '../ports/container-runtime.ts';
import { isSampanError, messageOf } from '../ports/errors.ts';
import type { ImageLedger } from '../ports/image-ledger.ts';
import type { GarbageAction } from './actions.ts';
import type { GarbageMemory } from './memory.ts';

export interface ExecuteDeps {
  readonly cache: ReadOnlyCache;
  readonly runtime: ContainerRuntime;
  readonly ledger: ImageLedger;
  readonly memory: GarbageMemory;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly config: { readonly nodeName: string };
}

export function createExecutors(deps: ExecuteDeps): Executors<GarbageAction> {
  const { cache, runtime, ledger, memory, events, clock, config } = deps;
  const announce = (reason: string, message: string) => {
    const node = cache.get('Node', { namespace: '', name: config.nodeName });
    if (node !== undefined) events.record(node, 'Warning', reason, message);
  };

  return {
    'note-use': async ({ used, unused, gone, at }) => {
      for (const id of gone) await ledger.update(id, () => undefined);
      for (const id of used) {
        await ledger.update(id, (known) => {
          if (known === undefined) return undefined;
          const { unusedSince: _, ...rest } = known;
          return rest;
        });
      }
      for (const id of unused) await ledger.update(id, (known) => known && { ...known, unusedSince: at });
    },

    'remove-image': async ({ id, names, sizeBytes }) => {
      try {
        await runtime.removeImage(id, names);
        await ledger.update(id, () => undefined);
      } catch (error) {
        if (!isSampanError(error, 'ImageInUse', 'Internal')) throw error;
        memory.failed(id, clock.now());
        const detail = messageOf(error);
        announce(
          'ImageGCFailed',
          `wanted to free ${sizeBytes} bytes, but freed 0 bytes space with errors in image deletion: ${detail}`,
        );
      }
    },

    'announce-shortage': async ({ message }) => {
      memory.announcedAt = clock.now();
      announce('FreeDiskSpaceFailed', message);
    },
  };
}
