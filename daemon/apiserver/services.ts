/** What the handlers of objects work with. The server makes one, and hands it to each. */
import type { Clock } from '../../reconcilers/ports/clock.ts';
import type { RegistryClient } from '../../reconcilers/ports/object-client.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { ObjectLists } from './object-lists.ts';

export interface ObjectServices {
  readonly client: RegistryClient;
  readonly lists: ObjectLists;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
}
