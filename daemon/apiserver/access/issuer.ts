/** Who ServiceAccount tokens say they are from where no flag does: Kubernetes' own name for itself, which pods can resolve. */
export const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';
