/**
 * Label selectors, in both of their forms: the map of a Service or ReplicationController, and the text of a query
 * (`app=web,tier in (a,b),!canary`). Pure matching; field selectors are in field-selector.ts.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
import type { Labels } from './meta.ts';

export type LabelOperator = 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/** All must hold; none at all matches everything. */
export type LabelSelector = readonly LabelRequirement[];

/** A selector's text cannot be read; `message` says what was found where. The API server answers it as BadRequest. */
export class SelectorSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SelectorSyntaxError';
  }
}

/**
 * Whether `labels` carry every pair of the map `selector`. An empty or absent selector selects nothing, which is Kubernetes'
 * rule for Services and ReplicationControllers.
 */
export function matchesMapSelector(selector: Labels | undefined, labels: Labels | undefined): boolean {
  const pairs = Object.entries(selector ?? {});
  return pairs.length > 0 && pairs.every(([key, value]) => labelOf(labels, key) === value);
}

/** Whether `labels` meet every requirement. */
export function matchesLabelSelector(selector: LabelSelector, labels: Labels | undefined): boolean {
  return selector.every((requirement) => meets(requirement, labelOf(labels, requirement.key)));
}

/** The query form of a map selector: `app=web,tier=front`, sorted by key. */
export function formatMapSelector(selector: Labels): string {
  return Object.keys(selector)
    .sort()
    .map((key) => `${key}=${selector[key]}`)
    .join(',');
}

/**
 * Reads `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, `a>1`, `a<1`, joined by commas.
 * Throws {@link SelectorSyntaxError}.
 */
export function parseLabelSelector(text: string): LabelSelector {
  const tokens = text.match(/[(),]|!=|==|=|!|>|<|[^\s(),=!<>]+/g) ?? [];
  const requirements: LabelRequirement[] = [];
  let at = 0;

  const word = (what: string): string => {
    const token = tokens[at];
    if (token === undefined || /^[(),=!<>]/.test(token)) throw syntax(text, token, what);
    at++;
    return token;
  };
  /** A value may be empty: `a=`. */
  const value = (): string => (tokens[at] === undefined || tokens[at] === ',' ? '' : word('a value'));
  const set = (): string[] => {
    if (tokens[at++] !== '(') throw syntax(text, tokens[at - 1], "'('");
    const values: string[] = [];
    while (tokens[at] !== ')') {
      if (tokens[at] === ',') {
        values.push('');
        at++;
        continue;
      }
      values.push(word("a value or ')'"));
      if (tokens[at] === ',') at++;
    }
    at++;
    return values;
  };
  const requirement = (): LabelRequirement => {
    if (tokens[at] === '!') {
      at++;
      return { key: word('a label key'), operator: '!', values: [] };
    }
    const key = word('a label key');
    const operator = tokens[at];
    if (operator === undefined || operator === ',') return { key, operator: 'exists', values: [] };
    at++;
    switch (operator) {
      case '=':
      case '==':
        return { key, operator: 'in', values: [value()] };
      case '!=':
        return { key, operator: 'notin', values: [value()] };
      case 'in':
      case 'notin':
        return { key, operator, values: set() };
      case '>':
      case '<':
        return { key, operator: operator === '>' ? 'gt' : 'lt', values: [wholeNumber(text, word('a number'))] };
      default:
        throw syntax(text, operator, "one of '=', '==', '!=', 'in', 'notin', '>', '<'");
    }
  };

  while (at < tokens.length) {
    requirements.push(requirement());
    if (at === tokens.length) break;
    if (tokens[at++] !== ',') throw syntax(text, tokens[at - 1], "','");
    if (at === tokens.length) throw syntax(text, undefined, 'a label key');
  }
  return requirements;
}

function meets({ operator, values }: LabelRequirement, label: string | undefined): boolean {
  switch (operator) {
    case 'exists':
      return label !== undefined;
    case '!':
      return label === undefined;
    case 'in':
      return label !== undefined && values.includes(label);
    case 'notin':
      return label === undefined || !values.includes(label);
    case 'gt':
    case 'lt': {
      if (label === undefined || !/^-?\d+$/.test(label)) return false;
      const [limit] = values;
      return operator === 'gt' ? BigInt(label) > BigInt(limit ?? 0) : BigInt(label) < BigInt(limit ?? 0);
    }
  }
}

function labelOf(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function wholeNumber(text: string, word: string): string {
  if (!/^-?\d+$/.test(word)) throw syntax(text, word, 'a whole number');
  return word;
}

function syntax(text: string, found: string | undefined, expected: string): SelectorSyntaxError {
  const what = found === undefined ? 'the end' : `'${found}'`;
  return new SelectorSyntaxError(`unable to parse label selector "${text}": found ${what}, expected ${expected}`);
}
