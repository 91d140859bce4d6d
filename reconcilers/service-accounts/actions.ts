/** What the service-accounts loop can do: make what every namespace has for its pods, and put it right. */

export type ServiceAccountsAction =
  | { readonly kind: 'create-account'; readonly namespace: string }
  | { readonly kind: 'publish-authority'; readonly namespace: string; readonly authority: string }
  | {
      readonly kind: 'correct-authority';
      readonly namespace: string;
      readonly resourceVersion: string;
      readonly authority: string;
    };
