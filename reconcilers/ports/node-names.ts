/**
 * How the node itself resolves names: what pods get that ask as it does. Implemented over its files by an adapter, and by a fake. Read
 * when a pod starts; a file that is missing reads as empty.
 */
export interface NodeNames {
  readonly hosts: string;
  /** Of a resolver that pods can reach, where the node has one on its loopback interface only. */
  readonly resolvConf: string;
  /** Whether Docker gives pods the same by itself. */
  readonly isDockers: boolean;
}

export interface NodeNamesSource {
  read(): Promise<NodeNames>;
}
