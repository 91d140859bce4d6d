/** What the values of flags mean: ranges, ports, shares, times. Each throws commander's InvalidArgumentError, with what was expected. */
import { isIP, isIPv4 } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { type Ipv4Range, parseIpv4Range } from '../reconcilers/kit/registry/ipv4-range.ts';
import { dnsSubdomain } from '../reconcilers/objects/name-formats.ts';
import type { OnInvalid } from '../reconcilers/objects/source.ts';
import { dottedSysctl, sysctlName, sysctlNamespace } from '../reconcilers/objects/sysctls.ts';

export const ON_INVALID: readonly OnInvalid[] = ['refuse', 'skip-file'];

export function range(text: string): Ipv4Range {
  try {
    return parseIpv4Range(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

export function portRange(text: string): { first: number; last: number } {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2]);
  if (!(first >= 1 && first <= last && last <= 65_535)) {
    throw new InvalidArgumentError(`expected two ports like 30000-32767, got "${text}"`);
  }
  return { first, last };
}

export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError(`expected a share between 0 and 1, got "${text}"`);
  }
  return value;
}

export function percent(text: string): number {
  const value = wholeNumber(text);
  if (value > 100) throw new InvalidArgumentError(`expected a percentage between 0 and 100, got "${text}"`);
  return value;
}

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`expected a whole number, got "${text}"`);
  return Number(text);
}

/** Milliseconds of `500ms`, `10s`, `5m`, `1h`. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ''];
  if (match === null || unit === undefined) {
    throw new InvalidArgumentError(`expected a time like 500ms, 10s, 5m or 1h, got "${text}"`);
  }
  return Number(match[1]) * unit;
}

export function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError('expected a whole number above 0, got "0"');
  return value;
}

/** 0 to 65535; what 0 means is the flag's matter. */
export function port(text: string): number {
  const value = wholeNumber(text);
  if (value > 65_535) throw new InvalidArgumentError(`expected a port up to 65535, got "${text}"`);
  return value;
}

export function ipAddress(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError(`expected an IP address, got "${text}"`);
  return text;
}

export function ipv4Address(text: string): string {
  if (!isIPv4(text)) throw new InvalidArgumentError(`expected an IPv4 address, got "${text}"`);
  return text;
}

/** `cluster.local`, in whatever letters; a dot at its end says nothing. */
export function domainName(text: string): string {
  const name = text.toLowerCase().replace(/\.$/, '');
  const [problem] = dnsSubdomain(name);
  if (problem !== undefined) throw new InvalidArgumentError(problem);
  return name;
}

/** `kernel.msg*,net.core.somaxconn`: each in a namespace that a pod has for itself. */
export function sysctlPatterns(text: string): string[] {
  return text.split(',').map((each) => {
    const pattern = each.trim();
    const name = pattern.replace(/[.*]*$/, '');
    // The node's namespaces are not a pod's to change.
    if (sysctlName(name).length > 0 || sysctlNamespace(pattern.replace(/\*$/, '')) === undefined) {
      const expected = 'expected names of kernel parameters in the IPC or network namespace';
      throw new InvalidArgumentError(`${expected}, like kernel.msg* or net.core.somaxconn, got "${pattern}"`);
    }
    return dottedSysctl(pattern);
  });
}

/** `a,b` */
export function names(text: string): string[] {
  const listed = text.split(',').map((name) => name.trim());
  const wrong = listed.find((name) => !/^[\w.:-]+$/.test(name));
  if (wrong !== undefined) throw new InvalidArgumentError(`expected host names or addresses, got "${wrong}"`);
  return listed;
}

/** `https://10.0.0.1:6443,https://master2:6443` */
export function serverUrls(text: string): string[] {
  return text.split(',').map((each) => {
    const url = URL.parse(each.trim());
    if (url?.protocol !== 'https:' || url.pathname !== '/' || url.search !== '') {
      throw new InvalidArgumentError(`expected a server like https://10.0.0.1:6443, got "${each.trim()}"`);
    }
    return url.origin;
  });
}

/** Bytes of so many megabytes. */
export function megabytes(text: string): number {
  return positiveNumber(text) * 1024 * 1024;
}
