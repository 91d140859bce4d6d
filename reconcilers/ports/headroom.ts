/** What a machine has left: what its node's pressure conditions are made of. Implemented over /proc and the file system; faked in tests. */

export interface Share {
  readonly free: number;
  readonly of: number;
}

export interface Headroom {
  /** What could be used before something in use must go: free, or read from files and not used lately. */
  readonly memoryBytes: Share;
  /** Of the file system with the daemon's data. */
  readonly diskBytes: Share;
  /** 0 of 0 where it does not count them. */
  readonly inodes: Share;
  /** Processes and threads. */
  readonly processes: Share;
}

/** Undefined where the machine does not say. Cheap: it is read at every heartbeat. */
export type ReadHeadroom = () => Headroom | undefined;
