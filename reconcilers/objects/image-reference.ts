/**
 * Names of images, read as Docker reads them: `nginx` is `docker.io/library/nginx:latest`. Pure; the kubelet asks what a pod's image
 * is called in full, and the clean-up of images whether two names are one.
 * Source: https://github.com/distribution/reference.
 */

export interface ImageReference {
  /** Of the registry, with its port: `docker.io`, `registry.example.com:5000`. */
  readonly domain: string;
  /** `library/nginx` */
  readonly path: string;
  /** As written; where there is a digest too, it says nothing. */
  readonly tag?: string;
  /** `sha256:...` */
  readonly digest?: string;
}

export type ParsedReference = ImageReference | { readonly problem: string };

const DEFAULT_DOMAIN = 'docker.io';
const MOST_LENGTH = 255;

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9a-fA-F:]+\\])(?::\\d+)?$`);
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

export function parseImageReference(text: string): ParsedReference {
  const [, named = '', digest] = /^([^@]*)(?:@(.*))?$/s.exec(text) ?? [];
  const [, name = '', tag] = /^(.*?)(?::([^:/]*))?$/s.exec(named) ?? [];
  const { domain, path } = split(name);
  const isSound =
    DOMAIN.test(domain) &&
    PATH.test(path) &&
    (tag === undefined || TAG.test(tag)) &&
    (digest === undefined || DIGEST.test(digest)) &&
    name.length <= MOST_LENGTH &&
    // A name of 64 hexadecimal digits is an image's id.
    !/^[0-9a-f]{64}$/.test(text);
  if (isSound) return { domain, path, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
  const isUpperCase = path !== path.toLowerCase() && PATH.test(path.toLowerCase());
  const detail = isUpperCase ? `: repository name (${path}) must be lowercase` : '';
  return { problem: `invalid reference format${detail}` };
}

/** Without a tag or a digest: `docker.io/library/nginx`. */
export function repositoryOf({ domain, path }: ImageReference): string {
  return `${domain}/${path}`;
}

/** The one name in full that all spellings share; what cannot be read stays as it is. */
export function fullName(text: string): string {
  const reference = parseImageReference(text);
  if ('problem' in reference) return text;
  const { tag = 'latest', digest } = reference;
  return repositoryOf(reference) + (digest === undefined ? `:${tag}` : `@${digest}`);
}

/** What stands before the first slash is a registry only where it looks like one. */
function split(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(0, slash));
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  const domain = isDomain ? first : DEFAULT_DOMAIN;
  const path = isDomain ? name.slice(slash + 1) : name;
  if (domain !== DEFAULT_DOMAIN && domain !== 'index.docker.io') return { domain, path };
  return { domain: DEFAULT_DOMAIN, path: path.includes('/') ? path : `library/${path}` };
}
