/** What of a Service has no effect, in Kubernetes' words where it has some. Pure. Source: pkg/api/service/warnings.go. */
import { isEmpty, isZero } from './defaulting.ts';
import { type JsonObject, objectAt } from './json.ts';

export function serviceWarnings(service: JsonObject): string[] {
  const spec = objectAt(service, 'spec') ?? {};
  const warnings: string[] = [];
  if (spec.clusterIP === 'None') {
    const ignored = (field: string) => warnings.push(`spec.${field} is ignored when spec.clusterIP is "None"`);
    if (!isZero(spec.loadBalancerIP)) ignored('loadBalancerIP');
    if (!isEmpty(spec.externalIPs)) ignored('externalIPs');
    if (spec.sessionAffinity !== 'None') ignored('SessionAffinity');
  } else if (!isZero(spec.loadBalancerIP)) {
    warnings.push('spec.loadBalancerIP is left to whoever runs a load balancer: this cluster has none of its own');
  }
  if (spec.type !== 'ExternalName' && !isZero(spec.externalName)) {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  return warnings;
}
