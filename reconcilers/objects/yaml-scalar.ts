/**
 * What a scalar of a YAML text means: its tag and its value, read as Kubernetes' tools read manifests (YAML 1.1: `yes` is a
 * boolean, `0755` octal). Called by yaml-tree.ts for every scalar.
 */
export type ScalarValue = string | number | boolean | null;

/** `!!str`, also where it is written as `!<tag:yaml.org,2002:str>`. */
export function tagName(text: string, event: { tagStart: number; tagEnd: number }): string | undefined {
  if (event.tagStart < 0) return undefined;
  return text.slice(event.tagStart, event.tagEnd).replace(/^!<tag:yaml\.org,2002:(.*)>$/, '!!$1');
}

/** The scalar's value; undefined where its tag is unknown or says something else than the text. */
export function readScalar(text: string, isPlain: boolean, tag: string | undefined): ScalarValue | undefined {
  if (tag === undefined) return isPlain ? readPlain(text) : text;
  if (tag === '!!str' || tag === '!') return text;
  const value = readPlain(text);
  if (tag === '!!null') return value === null ? null : undefined;
  if (tag === '!!bool') return typeof value === 'boolean' ? value : undefined;
  if (tag === '!!int') return Number.isInteger(value) ? value : undefined;
  if (tag === '!!float') return typeof value === 'number' ? value : undefined;
  return undefined;
}

/** Null, booleans and numbers as YAML 1.1 has them, as kubectl reads manifests; everything else is a string. */
function readPlain(text: string): ScalarValue {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return null;
  if (/^(?:true|True|TRUE|yes|Yes|YES|on|On|ON)$/.test(text)) return true;
  if (/^(?:false|False|FALSE|no|No|NO|off|Off|OFF)$/.test(text)) return false;
  if (!/^[-+.\d]/.test(text) || text.length > 400) return text;
  const based = /^([-+]?)(0x[\da-fA-F]+|0b[01]+|0o?[0-7]+)$/.exec(text);
  if (based?.[2] !== undefined) {
    const digits = /^0[0-7]/.test(based[2]) ? `0o${based[2].slice(1)}` : based[2];
    return based[1] === '-' ? -Number(digits) : Number(digits);
  }
  return /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(text) && Number.isFinite(Number(text))
    ? Number(text)
    : text;
}
