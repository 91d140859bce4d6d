/** Makes the tokens by which a pod's containers are known to the API server. The kubelet asks for them and writes them to volumes. */

export interface TokenRequest {
  readonly namespace: string;
  /** Its name. */
  readonly serviceAccount: string;
  /** Empty: the API server itself. */
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  /** The token ends with it. */
  readonly pod: { readonly name: string; readonly uid: string };
}

export interface IssuedToken {
  readonly token: string;
  /** Milliseconds since the epoch; may be sooner than asked for. */
  readonly expiresAt: number;
}

export interface TokenIssuer {
  /** NotFound where there is no such ServiceAccount. */
  issue(request: TokenRequest): Promise<IssuedToken>;
}
