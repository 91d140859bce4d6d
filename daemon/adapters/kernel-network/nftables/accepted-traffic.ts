/**
 * What of the Services' traffic Docker's firewall is to let pass, as matches of the chain DOCKER-USER: both directions of a connection
 * whose destination, before the translation, was a Service. The nftables filter puts them there. Pure.
 */
export interface AcceptedTraffic {
  readonly serviceCidr: string;
  readonly nodePorts: { readonly first: number; readonly last: number };
  /** From outside of the cluster, that lead to Services. */
  readonly addresses: readonly string[];
}

/** As `iptables -S` prints them. */
export function acceptedTraffic({ serviceCidr, nodePorts, addresses }: AcceptedTraffic): string[] {
  const { first, last } = nodePorts;
  const ports = first === last ? `${first}` : `${first}:${last}`;
  const destinations = [serviceCidr, ...addresses].map((address) => `--ctorigdst ${address}`);
  return [...destinations, `--ctorigdstport ${ports}`].map((match) => `-m conntrack --ctstate DNAT ${match}`);
}
