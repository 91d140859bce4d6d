/** A node tells of itself, of its pods, and of the claims it makes volumes for; and it says that it was the one who told. */
import { isDeepStrictEqual } from 'node:util';
import type { Event } from '../../../../reconcilers/objects/cluster.ts';
import type { RegistryClient } from '../../../../reconcilers/ports/object-client.ts';
import { isProvisionedOn } from '../node-scope.ts';
import { type KindRules, refusal } from './rules.ts';

export function eventRules(client: Pick<RegistryClient, 'get'>, node: string): KindRules<'Event'> {
  const demandReporter = ({ metadata, source, reportingInstance }: EventDraft) => {
    const named = [source?.host, reportingInstance].filter((name) => name !== undefined && name !== '');
    if (named.length > 0 && named.every((name) => name === node)) return;
    throw refusal('Event', metadata.name, `node "${node}" can only report events as itself`);
  };

  const isOwn = async ({ involvedObject }: EventDraft): Promise<boolean> => {
    const { kind, namespace = '', name = '', uid } = involvedObject ?? {};
    const key = { namespace, name };
    switch (kind) {
      case 'Node':
        return name === node;
      case 'Pod': {
        const pod = await client.get('Pod', key);
        // What becomes of a pod is told a moment later, when it may be gone.
        const isThis = pod !== undefined && (uid === undefined || uid === pod.metadata.uid);
        return !isThis || pod.spec.nodeName === node;
      }
      case 'PersistentVolumeClaim': {
        const claim = await client.get('PersistentVolumeClaim', key);
        return claim === undefined || isProvisionedOn(claim, node);
      }
      default:
        return false;
    }
  };

  return {
    async create(draft) {
      demandReporter(draft);
      if (await isOwn(draft)) return draft;
      const detail = `node "${node}" can only report events about itself, its pods and their claims`;
      throw refusal('Event', draft.metadata.name, detail);
    },
    update(next, previous) {
      demandReporter(previous);
      demandReporter(next);
      if (isDeepStrictEqual(next.involvedObject, previous.involvedObject)) return;
      throw refusal('Event', previous.metadata.name, `node "${node}" cannot change what an event is about`);
    },
    remove({ metadata }) {
      throw refusal('Event', metadata.name, `node "${node}" is not allowed to delete events`);
    },
  };
}

/** As it comes over the wire, before anybody has validated it. */
type EventDraft = { readonly metadata: { readonly name?: string } } & {
  readonly [F in 'source' | 'reportingInstance' | 'involvedObject']?: Partial<Event[F]> | undefined;
};
