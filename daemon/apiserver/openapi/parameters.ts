/** The query parameters of the API's operations (https://kubernetes.io/docs/reference/kubernetes-api/common-parameters/). */
export interface Parameter {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
}

const text = (name: string, description: string): Parameter => ({ name, type: 'string', description });
const flag = (name: string, description: string): Parameter => ({ name, type: 'boolean', description });
const number = (name: string, description: string): Parameter => ({ name, type: 'integer', description });

const SELECTION: readonly Parameter[] = [
  text('fieldSelector', 'Only objects whose fields are so, such as status.phase=Running. Default: all objects.'),
  text('labelSelector', 'Only objects whose labels are so, such as app=web. Default: all objects.'),
];

export const LIST_PARAMETERS: readonly Parameter[] = [
  ...SELECTION,
  number('limit', 'At most so many objects; the answer says by metadata.continue where the next ones start.'),
  text('continue', 'The metadata.continue of the answer before: the next objects, as of the same resource version.'),
  text('resourceVersion', 'A list as of this version or a later one; a watch of what comes after it.'),
  text('resourceVersionMatch', 'How resourceVersion applies to a list: Exact or NotOlderThan.'),
  flag('watch', 'Go on with the changes of the objects, as a stream of events.'),
  flag('allowWatchBookmarks', 'Let the stream say from time to time how far it has come.'),
  flag('sendInitialEvents', 'Start the stream with the objects that are there, and say when they have all been told.'),
  number('timeoutSeconds', 'End the stream after so long.'),
];

const DRY_RUN = text('dryRun', 'All: do everything except for storing the result.');
const FIELD_MANAGER = text('fieldManager', 'Who makes the change.');

export const WRITE_PARAMETERS: readonly Parameter[] = [
  DRY_RUN,
  FIELD_MANAGER,
  text(
    'fieldValidation',
    'What becomes of unknown and doubled fields: Ignore drops them, Warn drops them with a warning, Strict refuses the object.',
  ),
];

export const PATCH_PARAMETERS: readonly Parameter[] = [
  ...WRITE_PARAMETERS,
  flag('force', 'Of an apply patch: take over fields that another manager owns.'),
];

export const DELETE_PARAMETERS: readonly Parameter[] = [
  DRY_RUN,
  number('gracePeriodSeconds', 'How long the object may take to end; 0 deletes it at once.'),
  flag('orphanDependents', 'Deprecated: use propagationPolicy. Whether what the object owns stays.'),
  text('propagationPolicy', 'What becomes of what the object owns: Orphan, Background or Foreground.'),
];

export const DELETE_COLLECTION_PARAMETERS: readonly Parameter[] = [...DELETE_PARAMETERS, ...SELECTION];

export const PATH_PARAMETERS: Readonly<Record<string, string>> = {
  namespace: 'The namespace of the object.',
  name: 'The name of the object.',
  path: 'The path to ask for at the other side.',
};
