/**
 * ServiceAccount tokens: JWTs that this daemon signs, and takes back as long as what they are bound to exists. TokenRequest and the
 * kubelet have them made, authentication and TokenReview have them checked. The library is loaded with the first of them.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
 */
import { createHash, createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import type { JWK, JWTPayload } from 'jose';
import type { ObjectKey } from '../../../reconcilers/objects/meta.ts';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { serviceAccountUser, type UserInfo } from './user.ts';

const ALGORITHM = 'ES256';
/** The claim that says whose it is, and what it is bound to. */
const CLAIM = 'kubernetes.io';
const EXTRA = 'authentication.kubernetes.io';
/** A token is good at every master, and their clocks may be an hour apart. */
const BACKDATED_SECONDS = 2 * 3_600;

/** What a token can be bound to beside its ServiceAccount. */
export const BINDABLE = ['Pod', 'Secret', 'Node'] as const;
export type Bindable = (typeof BINDABLE)[number];

/** Whether an object exists, and as which one; undefined where it does not. */
export type Existing = (
  kind: 'ServiceAccount' | Bindable,
  key: ObjectKey,
) => Promise<{ readonly uid: string } | undefined>;

export interface BoundObject {
  readonly kind: Bindable;
  readonly name: string;
  readonly uid: string;
}

export interface TokenGrant {
  readonly namespace: string;
  readonly serviceAccount: { readonly name: string; readonly uid: string };
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly bound?: BoundObject;
}

export interface ServiceAccountTokensOptions {
  /** An EC key on P-256. */
  readonly key: KeyObject;
  /** `--service-account-issuer`; also the audience of this API server. */
  readonly issuer: string;
}

interface KubernetesClaim {
  readonly namespace: string;
  readonly serviceaccount: { readonly name: string; readonly uid: string };
  readonly pod?: { readonly name: string; readonly uid: string };
  readonly secret?: { readonly name: string; readonly uid: string };
  readonly node?: { readonly name: string; readonly uid: string };
}

export class ServiceAccountTokens {
  readonly #key: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #keyId: string;
  readonly issuer: string;
  readonly #deps: { clock: Clock; existing: Existing };

  constructor({ key, issuer }: ServiceAccountTokensOptions, deps: { clock: Clock; existing: Existing }) {
    this.#key = key;
    this.#publicKey = createPublicKey(key);
    const der = this.#publicKey.export({ format: 'der', type: 'spki' });
    this.#keyId = createHash('sha256').update(der).digest('base64url');
    this.issuer = issuer;
    this.#deps = deps;
  }

  /** The audiences a token is for where nobody says. */
  get audiences(): readonly string[] {
    return [this.issuer];
  }

  async issue(grant: TokenGrant): Promise<{ readonly token: string; readonly expires: number }> {
    const { namespace, serviceAccount, bound } = grant;
    const now = Math.floor(this.#deps.clock.now() / 1000);
    const expires = now + grant.expirationSeconds;
    const claim: KubernetesClaim = {
      namespace,
      serviceaccount: { name: serviceAccount.name, uid: serviceAccount.uid },
      ...(bound && { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } }),
    };
    const { SignJWT } = await import('jose');
    const token = await new SignJWT({ [CLAIM]: claim })
      .setProtectedHeader({ alg: ALGORITHM, kid: this.#keyId })
      .setIssuer(this.issuer)
      .setSubject(serviceAccountUser(namespace, serviceAccount.name).name)
      .setAudience([...grant.audiences])
      .setIssuedAt(now)
      .setNotBefore(now - BACKDATED_SECONDS)
      .setExpirationTime(expires)
      .setJti(randomUUID())
      .sign(this.#key);
    return { token, expires: expires * 1000 };
  }

  /**
   * The user and those of `audiences` that it is for. Undefined where the token is not from here, altered, expired, for others, or
   * bound to something that is gone.
   */
  async verify(
    token: string,
    audiences: readonly string[] = this.audiences,
  ): Promise<{ readonly user: UserInfo; readonly audiences: readonly string[] } | undefined> {
    const { errors, jwtVerify } = await import('jose');
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, this.#publicKey, {
        algorithms: [ALGORITHM],
        issuer: this.issuer,
        audience: [...audiences],
        requiredClaims: ['exp', 'nbf', 'sub', CLAIM],
        currentDate: new Date(this.#deps.clock.now()),
      }));
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
    const claim = payload[CLAIM] as KubernetesClaim;
    if (!(await this.#stillBound(claim))) return undefined;
    const named = [payload.aud ?? []].flat();
    return { user: userOf(claim, payload.jti), audiences: audiences.filter((audience) => named.includes(audience)) };
  }

  /** What others check tokens with: JSON Web Key Set of `/openid/v1/jwks`. */
  async keySet(): Promise<{ readonly keys: readonly JWK[] }> {
    const { exportJWK } = await import('jose');
    return { keys: [{ ...(await exportJWK(this.#publicKey)), kid: this.#keyId, alg: ALGORITHM, use: 'sig' }] };
  }

  async #stillBound({ namespace, serviceaccount, pod, secret, node }: KubernetesClaim): Promise<boolean> {
    const bonds = [
      { kind: 'ServiceAccount', namespace, bound: serviceaccount },
      { kind: 'Pod', namespace, bound: pod },
      { kind: 'Secret', namespace, bound: secret },
      { kind: 'Node', namespace: '', bound: node },
    ] as const;
    for (const { kind, namespace: of, bound } of bonds) {
      if (bound === undefined) continue;
      const found = await this.#deps.existing(kind, { namespace: of, name: bound.name });
      if (found?.uid !== bound.uid) return false;
    }
    return true;
  }
}

function userOf({ namespace, serviceaccount, pod, node }: KubernetesClaim, jti: string | undefined): UserInfo {
  const extra = {
    ...(jti !== undefined && { [`${EXTRA}/credential-id`]: [`JTI=${jti}`] }),
    ...(pod && { [`${EXTRA}/pod-name`]: [pod.name], [`${EXTRA}/pod-uid`]: [pod.uid] }),
    ...(node && { [`${EXTRA}/node-name`]: [node.name], [`${EXTRA}/node-uid`]: [node.uid] }),
  };
  return { ...serviceAccountUser(namespace, serviceaccount.name), uid: serviceaccount.uid, extra };
}
