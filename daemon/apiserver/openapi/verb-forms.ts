/** How each verb of discovery is written down in OpenAPI: its method, what goes in, what comes out. A table, and nothing but that. */
import {
  DELETE_COLLECTION_PARAMETERS,
  DELETE_PARAMETERS,
  LIST_PARAMETERS,
  PATCH_PARAMETERS,
  type Parameter,
  WRITE_PARAMETERS,
} from './parameters.ts';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';

/** How a verb is written down. */
export interface VerbForm {
  readonly method: Method;
  readonly action: string;
  /** The start of the id. */
  readonly word: string;
  readonly describe: (kind: string) => string;
  readonly parameters: readonly Parameter[];
  readonly body?: 'own' | 'Patch' | 'DeleteOptions';
  readonly bodyTypes?: readonly string[];
  readonly answer: 'own' | 'list' | 'Status';
  readonly codes: readonly number[];
}

const PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

const VERBS: Readonly<Record<string, VerbForm>> = {
  list: {
    method: 'get',
    action: 'list',
    word: 'list',
    describe: (kind) => `list or watch objects of kind ${kind}`,
    parameters: LIST_PARAMETERS,
    answer: 'list',
    codes: [200],
  },
  get: {
    method: 'get',
    action: 'get',
    word: 'read',
    describe: (kind) => `read the specified ${kind}`,
    parameters: [],
    answer: 'own',
    codes: [200],
  },
  create: {
    method: 'post',
    action: 'post',
    word: 'create',
    describe: (kind) => `create a ${kind}`,
    parameters: WRITE_PARAMETERS,
    body: 'own',
    answer: 'own',
    codes: [200, 201],
  },
  update: {
    method: 'put',
    action: 'put',
    word: 'replace',
    describe: (kind) => `replace the specified ${kind}`,
    parameters: WRITE_PARAMETERS,
    body: 'own',
    answer: 'own',
    codes: [200],
  },
  patch: {
    method: 'patch',
    action: 'patch',
    word: 'patch',
    describe: (kind) => `partially update the specified ${kind}`,
    parameters: PATCH_PARAMETERS,
    body: 'Patch',
    bodyTypes: PATCH_TYPES,
    answer: 'own',
    codes: [200, 201],
  },
  delete: {
    method: 'delete',
    action: 'delete',
    word: 'delete',
    describe: (kind) => `delete a ${kind}`,
    parameters: DELETE_PARAMETERS,
    body: 'DeleteOptions',
    answer: 'Status',
    codes: [200],
  },
  deletecollection: {
    method: 'delete',
    action: 'deletecollection',
    word: 'delete',
    describe: (kind) => `delete collection of ${kind}`,
    parameters: DELETE_COLLECTION_PARAMETERS,
    body: 'DeleteOptions',
    answer: 'Status',
    codes: [200],
  },
};

export function formOf(verb: string): VerbForm {
  const form = VERBS[verb];
  if (form === undefined) throw new Error(`no operation is made of verb ${verb}`);
  return form;
}
