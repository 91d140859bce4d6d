/**
 * Answers `/api`, `/apis` and what lies right below them: which kinds there are. Clients ask it before anything else, so every answer
 * is made once and then known by its ETag.
 */
import { assertRead, type Document, jsonDocument, pathOf, sendDocument } from '../document.ts';
import type { Exchange } from '../exchange.ts';
import { formatMediaType, type MediaType, negotiate } from '../media-types.ts';
import { type AggregatedVersion, aggregatedCore, aggregatedGroups } from './aggregated-lists.ts';
import { apiGroup, apiGroupList, apiResourceList, apiVersions, groupsOf } from './lists.ts';
import { type DiscoveredResource, groupVersionsOf, pathOfGroupVersion } from './served-resources.ts';

/** A document on offer, made when it is first asked for. */
interface Offer extends MediaType {
  readonly content: () => unknown;
}

/** A client may keep an answer, and asks each time whether it still holds. */
const CACHE_CONTROL = 'public, no-cache';

export class Discovery {
  readonly #offers: ReadonlyMap<string, readonly Offer[]>;
  readonly #documents = new Map<Offer, Document>();

  constructor(served: readonly DiscoveredResource[]) {
    this.#offers = offersOf(served);
  }

  /** Answers the request where its path is one of discovery's; false where it is another's. */
  serve(exchange: Exchange): boolean {
    const offers = this.#offers.get(pathOf(exchange.request));
    if (offers === undefined) return false;
    assertRead(exchange);
    sendDocument(exchange, this.#document(negotiate(exchange.request.headers.accept, offers)), CACHE_CONTROL);
    return true;
  }

  #document(offer: Offer): Document {
    let document = this.#documents.get(offer);
    if (document === undefined) {
      document = jsonDocument(offer.content(), formatMediaType(offer));
      this.#documents.set(offer, document);
    }
    return document;
  }
}

/** By path; the plain form comes first, for clients that accept anything. */
function offersOf(served: readonly DiscoveredResource[]): ReadonlyMap<string, readonly Offer[]> {
  const offers = new Map<string, readonly Offer[]>([
    ['/api', [plain(() => apiVersions(served)), ...aggregated((version) => aggregatedCore(served, version))]],
    ['/apis', [plain(() => apiGroupList(served)), ...aggregated((version) => aggregatedGroups(served, version))]],
  ]);
  for (const group of groupsOf(served)) offers.set(`/apis/${group}`, [plain(() => apiGroup(served, group))]);
  for (const groupVersion of groupVersionsOf(served)) {
    offers.set(`/${pathOfGroupVersion(groupVersion)}`, [plain(() => apiResourceList(served, groupVersion))]);
  }
  return offers;
}

function plain(content: () => unknown): Offer {
  return { type: 'application/json', content };
}

function aggregated(contentOf: (version: AggregatedVersion) => unknown): readonly Offer[] {
  return (['v2', 'v2beta1'] as const).map((v) => ({
    type: 'application/json',
    g: 'apidiscovery.k8s.io',
    v,
    as: 'APIGroupDiscoveryList',
    content: () => contentOf(v),
  }));
}
