/** What the bootstrap-tokens loop can do: take an expired join token away. */

export type BootstrapTokensAction = {
  readonly kind: 'remove-token';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
};
