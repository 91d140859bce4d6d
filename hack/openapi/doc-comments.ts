/** Reads classes and interfaces out of generated .d.ts files: their comments, their fields' comments, and which fields are optional. */
export interface DocumentedType {
  readonly comment: string | undefined;
  readonly fields: ReadonlyMap<string, DocumentedField>;
}

export interface DocumentedField {
  readonly comment: string | undefined;
  readonly optional: boolean;
}

const TYPE = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export (?:declare class|interface) (\w+) \{\n([\s\S]*?)\n\}/g;
const FIELD = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?(?<=^ {4}|\*\/\s*)['"]?([\w$-]+)['"]?(\?)?: [^;]+;/gm;

/** By name. */
export function readTypes(declarations: string): ReadonlyMap<string, DocumentedType> {
  const types = new Map<string, DocumentedType>();
  for (const [, comment, name = '', body = ''] of declarations.matchAll(TYPE)) {
    const [own = ''] = body.split('\n    static readonly ');
    const fields = [...own.matchAll(FIELD)].map(
      ([, text, field = '', optional]) => [field, { comment: clean(text), optional: optional === '?' }] as const,
    );
    types.set(name, { comment: clean(comment), fields: new Map(fields) });
  }
  return types;
}

/** Without the stars and the escapes; the paragraphs stay. */
function clean(comment: string | undefined): string | undefined {
  const text = comment
    ?.split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .replace(/\\(['"\\])/g, '$1')
    .trim();
  return text === '' ? undefined : text;
}
