/**
 * The files into which containers write their last words, one for each container, on the node. Implemented by an adapter over the file
 * system and by a fake; one contract suite holds both. What is asked for may be there already, or be gone: both are success.
 */
export interface TerminationFiles {
  /** Of all that are there. */
  names(): Promise<string[]>;
  /** Makes an empty file that every user may write to; one that is there stays as it is. Answers its absolute path on the node. */
  make(name: string): Promise<string>;
  /** As much of the beginning as `maxBytes` hold, as text; '' where there is no file. */
  read(name: string, maxBytes: number): Promise<string>;
  remove(name: string): Promise<void>;
}
