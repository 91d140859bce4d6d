/** The log on pino: one JSON line per message when piped, coloured lines on a terminal. Only the assembly makes one. */
import pino from 'pino';
import type { Log, LogFields } from '../../reconcilers/ports/log.ts';

export type LogFormat = 'json' | 'text';
export type LogLevel = 'error' | 'info' | 'debug';

/** A log that writes to `target` in `format`, nothing below `level`. */
export async function createPinoLog(options: {
  format: LogFormat;
  level: LogLevel;
  target: NodeJS.WritableStream;
}): Promise<Log> {
  const base = { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const formatters = { level: (label: string) => ({ level: label }) };
  if (options.format === 'json') return wrap(pino({ ...base, formatters }, options.target));
  const { default: pretty } = await import('pino-pretty'); // only terminals need it
  const stream = pretty({
    colorize: true,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
    destination: options.target,
  });
  return wrap(pino(base, stream));
}

function wrap(logger: pino.Logger): Log {
  const line = (level: LogLevel) => (message: string, fields?: LogFields) => logger[level](fields ?? {}, message);
  return {
    error: line('error'),
    info: line('info'),
    debug: line('debug'),
    with: (fields) => wrap(logger.child(fields)),
  };
}
