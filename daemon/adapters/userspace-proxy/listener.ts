/** What the TCP and UDP listeners have in common: one address and port whose clients are passed on to endpoints. */
import type { ChoiceRules } from './endpoint-choice.ts';

export interface ListenAddress {
  /** A cluster address, an external one, or `0.0.0.0` for a node port. */
  readonly ip: string;
  readonly port: number;
}

export interface Listener {
  /** Resolves when it listens; rejects with the system's error (EADDRINUSE, EACCES). */
  open(address: ListenAddress): Promise<void>;
  /** Whom new connections go to from now on. */
  setRules(rules: ChoiceRules): void;
  /** Refuses new clients; TCP connections go on to their end. */
  close(): void;
}
