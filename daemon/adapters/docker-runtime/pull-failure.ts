/**
 * Why a pull failed, in words that say what to do: Docker's own sentence, which names requests and Go packages, comes after. Pure.
 * image-pulls.ts calls it for whatever Docker answers.
 */
import { parseImageReference } from '../../../reconcilers/objects/image-reference.ts';

interface Facts {
  readonly registry: string;
  readonly hadCredentials: boolean;
}

/** The first whose words are Docker's explains it. The registry's own answers come before what the way to it adds. */
const EXPLANATIONS: readonly (readonly [RegExp, (facts: Facts) => string])[] = [
  [
    /manifest unknown|manifest for .* not found|name unknown|repository name not known/i,
    ({ registry }) => `${registry} has no such image`,
  ],
  [/no matching manifest for/i, ({ registry }) => `${registry} has the image, but not for this machine's architecture`],
  [/toomanyrequests|too many requests/i, ({ registry }) => `${registry} takes no more pulls from here for now`],
  [
    /no basic auth credentials|unauthorized|authentication required|pull access denied|denied:|incorrect username or password/i,
    refused,
  ],
  [
    /certificate signed by unknown authority|certificate is not trusted/i,
    ({ registry }) =>
      `Docker does not know who signed the certificate of ${registry}; its authority belongs into /etc/docker/certs.d/${registry}/ca.crt`,
  ],
  [/x509:|tls:/i, ({ registry }) => `Docker does not trust ${registry}`],
  [
    /server gave HTTP response to HTTPS client/i,
    ({ registry }) => `${registry} speaks HTTP without TLS, which Docker takes only of its \`insecure-registries\``,
  ],
  [/connection refused/i, ({ registry }) => `nothing answers at ${registry}`],
  [
    /no such host|server misbehaving|Temporary failure in name resolution/i,
    ({ registry }) => `the name of ${registry} cannot be resolved`,
  ],
  [/no route to host|network is unreachable/i, ({ registry }) => `there is no way from here to ${registry}`],
  [
    /i\/o timeout|context deadline exceeded|Client\.Timeout|TLS handshake timeout/i,
    ({ registry }) => `${registry} does not answer in time`,
  ],
  [/no space left on device/i, () => `the disk of Docker's images is full`],
];

/** `sentence`: Docker's, or our own, which stays as it is. */
export function explainPullFailure(sentence: string, reference: string, hadCredentials: boolean): string {
  const parsed = parseImageReference(reference);
  const registry = 'problem' in parsed ? 'the registry' : parsed.domain;
  const docker = sentence.replace(/\/\/[^/\s"@]+@/g, '//'); // a user and password in an address
  const explain = EXPLANATIONS.find(([words]) => words.test(docker))?.[1];
  return explain === undefined ? docker : `${explain({ registry, hadCredentials })} (Docker: ${docker})`;
}

function refused({ registry, hadCredentials }: Facts): string {
  if (hadCredentials) return `${registry} refuses the image, or the credentials found for it`;
  return `${registry} refuses the image without credentials, and no pull secret has any for it`;
}
