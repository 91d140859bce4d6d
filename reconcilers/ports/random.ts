/** Randomness, as a port: identifiers and jitter come from here, so that scenarios can be repeated from a seed. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A version 4 UUID. */
  uuid(): string;
}

const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** Five characters of Kubernetes' alphabet for generated names (no vowels, nothing that reads as another character). */
export function nameSuffix(random: Random): string {
  return Array.from({ length: 5 }, () => NAME_ALPHABET[Math.floor(random.next() * NAME_ALPHABET.length)]).join('');
}
