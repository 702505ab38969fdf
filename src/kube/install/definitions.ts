/** The custom resource definitions: schemas as the API server holds them. `resources.ts` says the same in types. */
import { GROUP, type KubeObject, VERSION } from '../resources.ts'
import { LABELS } from './options.ts'

interface Schema {
  type?: string
  description?: string
  required?: string[]
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema
  enum?: string[]
  default?: unknown
  format?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
  minItems?: number
  'x-kubernetes-validations'?: { rule: string; message: string }[]
  'x-kubernetes-list-type'?: string
  'x-kubernetes-list-map-keys'?: string[]
}

const text = (maxLength: number, rest: Schema = {}): Schema => ({ type: 'string', maxLength, ...rest })
const fixed = (what: string): Schema => ({
  'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: `${what} never changes` }],
})
const portNumber: Schema = { type: 'integer', minimum: 1, maximum: 65535 }

const conditions: Schema = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: {
    type: 'object',
    required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
    properties: {
      type: text(64),
      status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
      reason: text(128),
      message: text(2048, { description: 'The sentence for people.' }),
      lastTransitionTime: { type: 'string', format: 'date-time' },
      observedGeneration: { type: 'integer' },
    },
  },
}

const interceptSpec: Schema = {
  type: 'object',
  required: ['mode', 'workload', 'ports', 'filter', 'session', 'owner'],
  properties: {
    mode: {
      type: 'string',
      enum: ['intercept', 'wiretap', 'watch'],
      description: 'Whether requests are answered, copied, or only seen.',
      ...fixed('the mode'),
    },
    workload: {
      type: 'object',
      required: ['kind', 'name'],
      properties: { kind: text(63, { minLength: 1 }), name: text(253, { minLength: 1 }) },
      ...fixed('the workload'),
    },
    container: text(63, { description: 'The app, when the pod has several containers.' }),
    ports: {
      type: 'array',
      minItems: 1,
      maxItems: 32,
      items: {
        type: 'object',
        required: ['port', 'target'],
        properties: {
          service: text(63, { description: 'Service through which it was named.' }),
          port: { ...portNumber, description: 'Container port that is taken over.' },
          target: { ...portNumber, description: 'Port on the laptop.' },
        },
      },
    },
    filter: text(4096, { description: 'CEL over the request; the empty string takes everything.' }),
    priority: { type: 'integer', default: 0, minimum: -1000, maximum: 1000, description: 'Higher wins.' },
    ifDown: { type: 'string', enum: ['app', 'error'], description: 'Who answers when nothing listens on the laptop.' },
    tls: {
      type: 'object',
      description: 'Its holder may look into TLS connections: needs the verb tls on the workload.',
      properties: {
        cert: text(1024, { minLength: 1, description: "Path in the pod of the app's certificate." }),
        key: text(1024, { minLength: 1, description: "Path in the pod of the certificate's key." }),
        plaintext: { type: 'boolean', description: 'The program on the laptop speaks no TLS.' },
      },
    },
    reopen: {
      type: 'boolean',
      description:
        'Connections that were open before are ended when they are quiet, so that clients open new ones: needs the verb reopen on the workload.',
    },
    wiretap: {
      type: 'object',
      required: ['percent', 'diff'],
      properties: {
        percent: { type: 'number', minimum: 0.001, maximum: 100, description: 'Share of the requests that match.' },
        maxRps: {
          type: 'number',
          minimum: 0.1,
          maximum: 100_000,
          description: 'Copies a second, of all pods together.',
        },
        diff: { type: 'boolean', description: "Whether the app's answers are copied too." },
      },
    },
    watch: {
      type: 'object',
      required: ['mark', 'trace', 'from'],
      properties: {
        mark: text(64, { minLength: 1, description: 'Requests that carry it are told of.' }),
        trace: text(32, { minLength: 32, description: 'Requests of this trace are told of.' }),
        from: {
          type: 'array',
          maxItems: 1024,
          items: text(45),
          description: 'Requests of these addresses are told of.',
        },
      },
    },
    session: text(253, { minLength: 1, description: 'Session object that holds it.', ...fixed('the session') }),
    owner: text(1024, { minLength: 1, description: 'User name of whoever created it.', ...fixed('the owner') }),
  },
}

const interceptStatus: Schema = {
  type: 'object',
  properties: {
    observedGeneration: { type: 'integer' },
    conditions,
    agents: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pod', 'podUid', 'container', 'state'],
        properties: {
          pod: text(253),
          podUid: text(64),
          container: text(63),
          publicKey: text(1024),
          state: text(32),
          sent: { type: 'integer' },
          acknowledged: { type: 'integer' },
          routeNow: text(256),
          message: text(2048),
        },
      },
    },
  },
}

const sessionSpec: Schema = {
  type: 'object',
  required: ['owner', 'publicKey'],
  properties: {
    owner: text(1024, { minLength: 1, description: 'User name of whoever created it.' }),
    groups: { type: 'array', maxItems: 256, items: text(1024) },
    publicKey: text(1024, { minLength: 1, description: "The daemon's public key, base64 SPKI." }),
    host: text(253, { description: "The laptop's host name." }),
  },
  ...fixed('a session'),
}

const sessionStatus: Schema = {
  type: 'object',
  properties: { lastSeen: { type: 'string', format: 'date-time' }, manager: text(253), conditions },
}

interface Column {
  name: string
  type: 'string' | 'integer' | 'date'
  jsonPath: string
  /** Above 0: only with `-o wide`. */
  priority?: number
}

const ready = '.status.conditions[?(@.type=="Ready")]'
const age: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }
const interceptColumns: Column[] = [
  { name: 'Workload', type: 'string', jsonPath: '.spec.workload.name' },
  { name: 'Owner', type: 'string', jsonPath: '.spec.owner' },
  { name: 'Mode', type: 'string', jsonPath: '.spec.mode' },
  { name: 'Filter', type: 'string', jsonPath: '.spec.filter' },
  { name: 'Ready', type: 'string', jsonPath: `${ready}.status` },
  age,
  { name: 'Kind', type: 'string', jsonPath: '.spec.workload.kind', priority: 1 },
  { name: 'Session', type: 'string', jsonPath: '.spec.session', priority: 1 },
  { name: 'Message', type: 'string', jsonPath: `${ready}.message`, priority: 1 },
]
const sessionColumns: Column[] = [
  { name: 'Owner', type: 'string', jsonPath: '.spec.owner' },
  { name: 'Host', type: 'string', jsonPath: '.spec.host' },
  { name: 'Manager', type: 'string', jsonPath: '.status.manager' },
  { name: 'Seen', type: 'date', jsonPath: '.status.lastSeen' },
  age,
]

/** Both definitions. */
export function definitions(): KubeObject[] {
  return [
    definition('Intercept', ['icpt'], interceptSpec, interceptStatus, interceptColumns),
    definition('Session', ['rsession'], sessionSpec, sessionStatus, sessionColumns),
  ]
}

function definition(kind: string, shortNames: string[], spec: Schema, status: Schema, columns: Column[]): KubeObject {
  const singular = kind.toLowerCase()
  const object = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.${GROUP}`, labels: { ...LABELS } },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural: `${singular}s`, singular, shortNames, categories: ['remocal'] },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec, status } },
          },
          subresources: { status: {} },
          additionalPrinterColumns: columns,
        },
      ],
    },
  }
  return object
}
