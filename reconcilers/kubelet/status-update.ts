/** The action that reports a pod's status, with the events that go with it; none where the stored status says it already. Pure. */
import type { StatusEvent, UpdateStatus } from './actions.ts';
import { podIdentity } from './container-spec.ts';
import { changedStatus, type StatusQuestion } from './status.ts';
import { statusEvents } from './status-events.ts';

export function statusUpdate(question: StatusQuestion, now: number, more: readonly StatusEvent[] = []): UpdateStatus[] {
  const { pod } = question;
  const status = changedStatus(question, now);
  if (status === undefined) return [];
  const { resourceVersion } = pod.metadata;
  const events = [...statusEvents(pod, status), ...more];
  return [{ kind: 'update-status', pod: podIdentity(pod), resourceVersion, status, events }];
}
