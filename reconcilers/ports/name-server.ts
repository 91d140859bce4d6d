/** This node's DNS server, as far as loops care: where it listens. The daemon's own is the only one; errors it keeps to itself. */

export interface ListeningPlace {
  readonly address: string;
  readonly port: number;
}

export interface NameServer {
  /** Undefined as long as it does not listen. */
  readonly place: ListeningPlace | undefined;
  /** Calls `listener` whenever it begins to. */
  onListening(listener: (place: ListeningPlace) => void): void;
}
