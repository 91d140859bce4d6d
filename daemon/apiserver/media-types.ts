/**
 * Content negotiation: which of the representations on offer an Accept header asks for, by q-value, then by the order it names
 * them (RFC 9110, section 12.5.1). Kubernetes adds the parameters `as`, `g` and `v`: the kind to convert to. Pure.
 */
import { SampanError } from '../../reconcilers/ports/errors.ts';

/** One media type: `type` without parameters, and those of Kubernetes' parameters that it has. */
export interface MediaType {
  readonly type: string;
  /** The kind to convert to: `Table`, `APIGroupDiscoveryList`. */
  readonly as?: string;
  readonly g?: string;
  readonly v?: string;
}

interface MediaRange extends MediaType {
  readonly q: number;
}

/** The media type as it is written in a Content-Type header. */
export function formatMediaType({ type, as, g, v }: MediaType): string {
  return as === undefined ? type : `${type};g=${g};v=${v};as=${as}`;
}

/** The first of the accepted ranges that an offer fits; NotAcceptable where none does. No header accepts everything. */
export function negotiate<T extends MediaType>(accept: string | undefined, offers: readonly T[]): T {
  for (const range of acceptedRanges(accept)) {
    const offer = offers.find((candidate) => fits(range, candidate));
    if (offer !== undefined) return offer;
  }
  throw new SampanError('NotAcceptable', { accepted: offers.map(formatMediaType).join(', ') });
}

/** What is accepted, most wished for first. */
function acceptedRanges(accept: string | undefined): readonly MediaRange[] {
  if (accept === undefined || accept.trim() === '') return [{ type: '*/*', q: 1 }];
  return accept
    .split(',')
    .map(parseRange)
    .filter(({ q }) => q > 0)
    .toSorted((a, b) => b.q - a.q || wildcards(a) - wildcards(b));
}

function parseRange(text: string): MediaRange {
  const [type = '', ...pairs] = text.split(';').map((part) => part.trim());
  const parameters = new Map(
    pairs.map((pair) => {
      const [name = '', value = ''] = pair.split('=', 2);
      return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')] as const;
    }),
  );
  const q = Number(parameters.get('q') ?? 1);
  const as = parameters.get('as');
  return {
    type: type.toLowerCase(),
    q: Number.isNaN(q) ? 0 : q,
    ...(as !== undefined && { as, g: parameters.get('g') ?? '', v: parameters.get('v') ?? '' }),
  };
}

function wildcards({ type }: MediaRange): number {
  return type.split('/').filter((part) => part === '*').length;
}

/** A range that names no kind to convert to takes only what is not converted. */
function fits(range: MediaRange, offer: MediaType): boolean {
  if (range.as !== offer.as || range.g !== offer.g || range.v !== offer.v) return false;
  const [type, subtype] = range.type.split('/');
  const [offeredType, offeredSubtype] = offer.type.split('/');
  return (type === '*' || type === offeredType) && (subtype === '*' || subtype === offeredSubtype);
}
