/**
 * The config file of `sampan run`: any of its flags by name, and `sources`. config.ts loads this where a file is named; the command line
 * and the environment win over it.
 */
import { readFileSync } from 'node:fs';
import type { Command, Option } from 'commander';
import { load } from 'js-yaml';
import type { OnInvalid } from '../reconcilers/objects/source.ts';
import { SampanError } from '../reconcilers/ports/errors.ts';
import type { SourceConfig } from './config.ts';
import { ON_INVALID } from './flag-values.ts';

const SOURCE_SETTINGS = { location: 'location', 'sync-interval': 'syncInterval' } as const;

/** Flags of the config file count where the command line and the environment say nothing. */
export function applyConfigFile(file: string, command: Command): void {
  const values = readConfigFile(file);
  for (const [name, value] of Object.entries(values)) {
    if (name === 'sources') continue;
    const option = command.options.find((candidate) => candidate.long === `--${name}`);
    if (option === undefined) {
      throw new SampanError('Usage', {
        detail: `${file}: unknown setting "${name}"; it takes the flags of sampan run`,
      });
    }
    const attribute = option.attributeName();
    if (!['default', undefined].includes(command.getOptionValueSource(attribute))) continue;
    command.setOptionValueWithSource(attribute, parseSetting(file, name, option, value), 'config');
  }
}

function parseSetting(file: string, name: string, option: Option, value: unknown): unknown {
  const text = Array.isArray(value) ? value.join(',') : String(value);
  try {
    return option.parseArg ? option.parseArg(text, undefined) : text;
  } catch (cause) {
    throw new SampanError('Usage', { detail: `${file}: ${name}: ${(cause as Error).message}` }, cause);
  }
}

function readConfigFile(file: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = load(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new SampanError('Usage', { detail: `cannot read the config file ${file}` }, cause);
  }
  if (content === null || typeof content !== 'object' || Array.isArray(content)) {
    throw new SampanError('Usage', { detail: `${file}: expected settings as "name: value", one a line` });
  }
  return content as Record<string, unknown>;
}

/** `sources` of the config file: locations, or settings of one source each: `{location, on-invalid, prune-limit, sync-interval}`. */
export function listedSources(file: string, defaults: Omit<SourceConfig, 'location'>): SourceConfig[] {
  const listed = [readConfigFile(file).sources ?? []].flat() as unknown[];
  return listed.map((entry, index) => {
    if (typeof entry === 'string') return { location: entry, ...defaults };
    return readSource(`${file}: sources[${index}]`, entry, defaults);
  });
}

function readSource(where: string, entry: unknown, defaults: Omit<SourceConfig, 'location'>): SourceConfig {
  const source: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(entry ?? {})) {
    if (name === 'location' || name === 'sync-interval') source[SOURCE_SETTINGS[name]] = String(value);
    else if (name === 'on-invalid' && ON_INVALID.includes(value as OnInvalid)) source.onInvalid = value;
    else if (name === 'prune-limit' && Number(value) >= 0 && Number(value) <= 1) source.pruneLimit = Number(value);
    else throw new SampanError('Usage', { detail: `${where}: cannot use "${name}: ${String(value)}"` });
  }
  if (typeof source.location !== 'string') throw new SampanError('Usage', { detail: `${where}: location is missing` });
  return source as unknown as SourceConfig;
}
