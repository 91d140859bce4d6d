/** A log that keeps its lines for assertions. */
import type { Log, LogFields } from '../../reconcilers/ports/log.ts';

export interface LogLine {
  readonly level: 'error' | 'info' | 'debug';
  readonly message: string;
  readonly fields: LogFields;
}

export class CollectedLog implements Log {
  readonly lines: LogLine[];
  readonly #fields: LogFields;

  constructor(lines: LogLine[] = [], fields: LogFields = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  error(message: string, fields: LogFields = {}): void {
    this.#add('error', message, fields);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#add('info', message, fields);
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#add('debug', message, fields);
  }

  with(fields: LogFields): Log {
    return new CollectedLog(this.lines, { ...this.#fields, ...fields });
  }

  #add(level: LogLine['level'], message: string, fields: LogFields): void {
    this.lines.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
}
