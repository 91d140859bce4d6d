/**
 * Several independent writes at once, never more than a set number. Executors use it where one action stands for many objects
 * (fifty pods to create); it keeps no order and no state.
 */

/**
 * Calls `work` for each item, at most `limit` at a time. After the first failure nothing new is started (an error is mostly
 * everybody's error); what is under way is awaited, then that failure is thrown. The same goes for an aborted `signal`.
 */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      if (failures.length > 0) return;
      try {
        signal.throwIfAborted();
        await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
