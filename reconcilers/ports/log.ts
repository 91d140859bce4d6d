/**
 * The log: a constant message plus fields. `error`: a human should act; `info`: the world changed, one line per executed
 * action; `debug`: the rest. Never secrets.
 */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  error(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A log that adds `fields` to each line. */
  with(fields: LogFields): Log;
}
