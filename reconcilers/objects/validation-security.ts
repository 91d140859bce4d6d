/**
 * Validation of what a pod's processes may do. Called by validation-pod.ts. Source: pkg/apis/core/validation/validation.go
 * (ValidatePodSecurityContext, ValidateSecurityContext, validateSysctls, validateSeccompProfileField).
 */
import { duplicate, type FieldError, invalid, required, unsupported } from './field-error.ts';
import { child, element } from './field-path.ts';
import { type Json, type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { sysctlName, sysctlNamespace } from './sysctls.ts';

const MAX_ID = 2 ** 31 - 1;
const CHANGE_POLICIES = ['Always', 'OnRootMismatch'] as const;
const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'] as const;
const PROC_MOUNTS = ['Default', 'Unmasked'] as const;
/** What the kernel takes as the name of an AppArmor profile: no more than a page with the file's own words. */
const MAX_APPARMOR_NAME = 4095;

/** Of the pod; `path` is that of its spec. */
export function validatePodSecurity(spec: JsonObject, path: string): FieldError[] {
  const security = objectAt(spec, 'securityContext') ?? {};
  const at = (field: string) => child(child(path, 'securityContext'), field);
  const groups = Array.isArray(security.supplementalGroups) ? security.supplementalGroups : [];
  const policy = security.fsGroupChangePolicy;
  const sharesTwice = spec.hostPID === true && spec.shareProcessNamespace === true;
  return [
    ...(sharesTwice
      ? [
          invalid(
            child(path, 'shareProcessNamespace'),
            true,
            'ShareProcessNamespace and HostPID cannot both be enabled',
          ),
        ]
      : []),
    ...validId(security.fsGroup, at('fsGroup')),
    ...validateShared(security, at),
    ...groups.flatMap((group, i) => validId(group, element(at('supplementalGroups'), i))),
    ...validateSysctls(security, spec, at('sysctls')),
    ...(policy === undefined || CHANGE_POLICIES.includes(policy as 'Always')
      ? []
      : [unsupported(at('fsGroupChangePolicy'), policy, CHANGE_POLICIES)]),
  ];
}

/** Of one of its containers, at `path`. */
export function validateContainerSecurity(container: JsonObject, path: string): FieldError[] {
  const security = objectAt(container, 'securityContext');
  if (security === undefined) return [];
  const whole = child(path, 'securityContext');
  const at = (field: string) => child(whole, field);
  const errors = validateShared(security, at);
  const { procMount } = security;
  if (procMount !== undefined && !PROC_MOUNTS.includes(procMount as 'Default')) {
    errors.push(unsupported(at('procMount'), procMount, PROC_MOUNTS));
  }
  if (security.allowPrivilegeEscalation !== false) return errors;
  const contradicts = 'cannot set `allowPrivilegeEscalation` to false and';
  if (security.privileged === true) errors.push(invalid(whole, security, `${contradicts} \`privileged\` to true`));
  const added = objectAt(security, 'capabilities')?.add;
  if (Array.isArray(added) && added.includes('CAP_SYS_ADMIN')) {
    errors.push(invalid(whole, security, `${contradicts} \`capabilities.Add\` CAP_SYS_ADMIN`));
  }
  return errors;
}

function validateShared(security: JsonObject, at: (field: string) => string): FieldError[] {
  return [
    ...validId(security.runAsUser, at('runAsUser')),
    ...validId(security.runAsGroup, at('runAsGroup')),
    ...validateProfile(security, 'seccompProfile', at, localFile),
    ...validateProfile(security, 'appArmorProfile', at, appArmorName),
  ];
}

function validateProfile(
  security: JsonObject,
  field: 'seccompProfile' | 'appArmorProfile',
  at: (field: string) => string,
  nameProblems: (name: string, path: string) => FieldError[],
): FieldError[] {
  const profile = objectAt(security, field);
  if (profile === undefined) return [];
  const [typeAt, nameAt] = [child(at(field), 'type'), child(at(field), 'localhostProfile')];
  const { type = '', localhostProfile: name } = profile;
  if (type === '') return [required(typeAt, `type is required when ${field} is set`)];
  if (!PROFILE_TYPES.includes(type as 'Localhost')) return [unsupported(typeAt, type, PROFILE_TYPES)];
  const sort = field === 'seccompProfile' ? 'seccomp' : 'AppArmor';
  if (type !== 'Localhost') {
    return name === undefined ? [] : [invalid(nameAt, name, `can only be set when ${sort} type is Localhost`)];
  }
  if (name === undefined) return [required(nameAt, `must be set when ${sort} type is Localhost`)];
  return nameProblems(textOf(name), nameAt);
}

/** A file below the node's folder of profiles. */
function localFile(name: string, path: string): FieldError[] {
  return [
    ...(name.startsWith('/') ? [invalid(path, name, 'must be a relative path')] : []),
    ...(name.split('/').includes('..') ? [invalid(path, name, "must not contain '..'")] : []),
  ];
}

function appArmorName(name: string, path: string): FieldError[] {
  if (name !== name.trim()) return [invalid(path, name, 'must not be padded with whitespace')];
  if (name === '') return [required(path, 'must be set when AppArmor type is Localhost')];
  if (name.length <= MAX_APPARMOR_NAME) return [];
  return [invalid(path, name, `may not be more than ${MAX_APPARMOR_NAME} bytes`)];
}

function validateSysctls(security: JsonObject, spec: JsonObject, path: string): FieldError[] {
  const names = new Set<string>();
  return objectsAt(security, 'sysctls').flatMap((sysctl, i) => {
    const at = child(element(path, i), 'name');
    const name = textOf(sysctl.name);
    if (name === '') return [required(at)];
    const [problem] = sysctlName(name);
    if (problem !== undefined) return [invalid(at, name, problem)];
    const isTaken = names.has(name);
    names.add(name);
    const namespace = sysctlNamespace(name);
    const shared =
      namespace === 'net' && spec.hostNetwork === true
        ? 'hostNetwork'
        : namespace === 'ipc' && spec.hostIPC === true
          ? 'hostIPC'
          : undefined;
    return [
      ...(isTaken ? [duplicate(at, name)] : []),
      ...(shared === undefined ? [] : [invalid(at, name, `may not be specified when '${shared}' is true`)]),
    ];
  });
}

function validId(value: Json | undefined, path: string): FieldError[] {
  if (typeof value !== 'number' || (value >= 0 && value <= MAX_ID)) return [];
  return [invalid(path, value, `must be between 0 and ${MAX_ID}, inclusive`)];
}
