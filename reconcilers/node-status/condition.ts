/** One of the node's conditions among the others, with the times that belong to it. Pure. */
import type { NodeCondition } from '../objects/cluster.ts';
import { toTimestamp } from '../objects/meta.ts';

export type Said = Pick<NodeCondition, 'status' | 'reason' | 'message'>;

/** `type` comes last; it keeps its times where nothing has changed, and that of its transition where its status has not. */
export function withCondition(
  stored: readonly NodeCondition[],
  type: string,
  { status, reason, message }: Said,
  now: number,
): NodeCondition[] {
  const before = stored.find((condition) => condition.type === type);
  const isSame = before?.status === status && before.reason === reason && before.message === message;
  const condition: NodeCondition = isSame
    ? before
    : {
        type,
        status,
        ...(reason !== undefined && { reason }),
        ...(message !== undefined && { message }),
        lastHeartbeatTime: toTimestamp(now),
        lastTransitionTime:
          before?.status === status && before.lastTransitionTime ? before.lastTransitionTime : toTimestamp(now),
      };
  return [...stored.filter((other) => other.type !== type), condition];
}
