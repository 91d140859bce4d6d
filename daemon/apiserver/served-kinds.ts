/** The stored kinds, and those of them that another group-version shows too. Paths and discovery are made from it. */
import { EVENTS_V1 } from '../../reconcilers/objects/events-v1.ts';
import { ALL_KINDS, KINDS, type KindInfo } from '../../reconcilers/objects/kinds.ts';

/** Without the short name: it stays the core group's, where clients look first. */
const EVENTS: KindInfo = { ...KINDS.Event, apiVersion: EVENTS_V1, shortNames: [] };

export const SERVED_KINDS: readonly KindInfo[] = [...ALL_KINDS, EVENTS];
