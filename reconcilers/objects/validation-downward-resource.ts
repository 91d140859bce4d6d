/**
 * Validation of references to a container's own resources, in variables and in volumes.
 * Source: pkg/apis/core/validation/validation.go (validateContainerResourceFieldSelector, validateContainerResourceDivisor)
 */
import { DIVISORS, DOWNWARD_RESOURCES } from './downward-resources.ts';
import { type FieldError, invalid, required, unsupported } from './field-error.ts';
import { child } from './field-path.ts';
import { type JsonObject, textOf } from './json.ts';
import { compareQuantities } from './quantity.ts';

/** In a volume the container is named, in a variable it is the one that has it. */
export function validateResourceField(
  reference: JsonObject,
  path: string,
  { ofVolume }: { ofVolume: boolean },
): FieldError[] {
  const resource = textOf(reference.resource);
  if (ofVolume && textOf(reference.containerName) === '') return [required(child(path, 'containerName'))];
  if (resource === '') return [required(child(path, 'resource'))];
  if (!DOWNWARD_RESOURCES.includes(resource)) {
    return [unsupported(child(path, 'resource'), resource, DOWNWARD_RESOURCES)];
  }
  const name = resource.endsWith('.cpu') ? 'cpu' : 'memory';
  const divisor = textOf(reference.divisor) || '0';
  const allowed = ['0', ...DIVISORS[name]];
  if (allowed.some((each) => compareQuantities(each, divisor) === 0)) return [];
  const list = name === 'cpu' ? '1m and 1' : DIVISORS.memory.join(', ');
  return [
    invalid(child(path, 'divisor'), resource, `only divisor's values ${list} are supported with the ${name} resource`),
  ];
}
