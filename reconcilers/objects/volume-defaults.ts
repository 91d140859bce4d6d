/**
 * Kubernetes' defaulting of volumes, and its reverse, by which a template's fingerprint stays the same with and without it.
 * Source: pkg/apis/core/v1/defaults.go
 */
import { setDefault } from './defaulting.ts';
import { isJsonObject, type Json, type JsonObject, objectAt, objectsAt } from './json.ts';

export const DEFAULT_FILE_MODE = 0o644;
const DEFAULT_TOKEN_SECONDS = 3_600;
const OF_FILES = ['projected', 'configMap', 'secret', 'downwardAPI'] as const;

type Visit = (object: JsonObject, field: string, value: Json) => void;

/** In place. */
export function defaultVolumes(spec: JsonObject): void {
  for (const volume of objectsAt(spec, 'volumes')) {
    // A volume of no type is an empty folder.
    if (!Object.entries(volume).some(([field, value]) => field !== 'name' && isJsonObject(value))) volume.emptyDir = {};
  }
  visitDefaults(spec, setDefault);
}

/** Takes out what {@link defaultVolumes} would put back, in place. */
export function reduceVolumes(spec: JsonObject): void {
  visitDefaults(spec, (object, field, value) => {
    if (object[field] === value) delete object[field];
  });
  for (const volume of objectsAt(spec, 'volumes')) {
    const folder = objectAt(volume, 'emptyDir');
    if (folder !== undefined && (folder.medium ?? '') === '' && folder.sizeLimit === undefined) delete volume.emptyDir;
  }
}

function visitDefaults(spec: JsonObject, visit: Visit): void {
  for (const volume of objectsAt(spec, 'volumes')) {
    for (const field of OF_FILES) {
      const source = objectAt(volume, field);
      if (source !== undefined) visit(source, 'defaultMode', DEFAULT_FILE_MODE);
    }
    const hostPath = objectAt(volume, 'hostPath');
    if (hostPath !== undefined) visit(hostPath, 'type', '');
    const claim = objectAt(objectAt(objectAt(volume, 'ephemeral'), 'volumeClaimTemplate'), 'spec');
    if (claim !== undefined) visit(claim, 'volumeMode', 'Filesystem');
    visitFields(objectAt(volume, 'downwardAPI'), visit);
    for (const source of objectsAt(objectAt(volume, 'projected'), 'sources')) {
      const token = objectAt(source, 'serviceAccountToken');
      if (token !== undefined) visit(token, 'expirationSeconds', DEFAULT_TOKEN_SECONDS);
      visitFields(objectAt(source, 'downwardAPI'), visit);
    }
  }
}

function visitFields(downward: JsonObject | undefined, visit: Visit): void {
  for (const file of objectsAt(downward, 'items')) {
    const field = objectAt(file, 'fieldRef');
    if (field !== undefined) visit(field, 'apiVersion', 'v1');
  }
}
