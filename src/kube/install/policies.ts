/**
 * Admission policies: what the API server itself holds everybody to, the managers included. Written in CEL; `docs` of
 * each stands in the messages, which people see when they are refused.
 */
import { GROUP, INSTALLATION, type KubeObject, VERSION } from '../resources.ts'
import { EVERYTHING, EXTRAS } from '../rights.ts'
import { type InstallOptions, LABELS } from './options.ts'

interface Validation {
  expression: string
  message?: string
  /** CEL that makes the message. */
  messageExpression?: string
}

interface Policy {
  name: string
  resources: string[]
  group: string
  version: string
  operations: ('CREATE' | 'UPDATE' | 'DELETE')[]
  variables?: { name: string; expression: string }[]
  validations: Validation[]
}

const IN_NAMESPACE = 'request.namespace'
/** Namespaces of the system: no agent comes there. */
const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease']
/** The garbage collector and the namespace controller must be able to take things away. */
const CONTROLLERS = `(has(request.userInfo.groups) && 'system:serviceaccounts:kube-system' in request.userInfo.groups)`
const CALLER = 'request.userInfo.username'

/** All policies, each followed by its binding. */
export function policies(options: Pick<InstallOptions, 'namespace' | 'image'>): KubeObject[] {
  const manager = `system:serviceaccount:${options.namespace}:${INSTALLATION.manager}`
  return [sessions(manager), intercepts(manager), status(manager), agents(manager, options)].flatMap((policy) => [
    policyObject(policy),
    bindingObject(policy),
  ])
}

const mayRevoke = (name: string): string =>
  `authorizer.group('${GROUP}').resource('workloads').namespace(${IN_NAMESPACE}).name(${name}).check('revoke').allowed()`

function sessions(manager: string): Policy {
  return {
    name: 'remocal-sessions',
    resources: ['sessions'],
    group: GROUP,
    version: VERSION,
    operations: ['CREATE', 'UPDATE', 'DELETE'],
    variables: [
      { name: 'holder', expression: `request.operation == 'CREATE' ? object.spec.owner : oldObject.spec.owner` },
      { name: 'trusted', expression: `${CALLER} == '${manager}' || ${CONTROLLERS}` },
    ],
    validations: [
      {
        expression: `request.operation != 'CREATE' || variables.holder == ${CALLER}`,
        messageExpression: `'you are ' + ${CALLER} + ', so you cannot make a session for ' + variables.holder`,
      },
      {
        expression:
          `request.operation != 'CREATE' || !has(object.spec.groups) || object.spec.groups.all(group, ` +
          'has(request.userInfo.groups) && group in request.userInfo.groups)',
        message: 'a session may name only groups that its creator is in',
      },
      {
        expression:
          `request.operation == 'CREATE' || variables.trusted || variables.holder == ${CALLER} || ` +
          `${mayRevoke(`'sessions'`)}`,
        messageExpression: `'this session belongs to ' + variables.holder`,
      },
    ],
  }
}

/** What cannot be had without a verb of its own. */
const WITHOUT = {
  tls: { has: 'has(object.spec.tls)', what: 'nobody looks into TLS' },
  reopen: { has: 'has(object.spec.reopen) && object.spec.reopen', what: 'nobody ends the connections of others' },
}

function intercepts(manager: string): Policy {
  const check = `authorizer.group('${GROUP}').resource('workloads').namespace(${IN_NAMESPACE}).name(object.spec.workload.name)`
  return {
    name: 'remocal-intercepts',
    resources: ['intercepts'],
    group: GROUP,
    version: VERSION,
    operations: ['CREATE', 'UPDATE', 'DELETE'],
    variables: [
      { name: 'holder', expression: `request.operation == 'CREATE' ? object.spec.owner : oldObject.spec.owner` },
      { name: 'trusted', expression: `${CALLER} == '${manager}' || ${CONTROLLERS}` },
      {
        name: 'asks',
        expression: `request.operation == 'CREATE' || (request.operation == 'UPDATE' && object.spec != oldObject.spec)`,
      },
      {
        name: 'verb',
        // The same as `verbOf`. No policy can know of each filter whether it takes everything.
        expression:
          `request.operation == 'DELETE' ? 'intercept' : object.spec.mode == 'wiretap' ? 'wiretap' : ` +
          `object.spec.mode == 'watch' ? 'tap' : ` +
          `object.spec.filter.matches(r'${EVERYTHING}') ? 'intercept-all' : 'intercept'`,
      },
    ],
    validations: [
      {
        expression: `!variables.asks || variables.holder == ${CALLER}`,
        messageExpression:
          `'you are ' + ${CALLER} + ', so you cannot ' + (request.operation == 'CREATE' ? ` +
          `'make an intercept for ' : 'change an intercept of ') + variables.holder`,
      },
      {
        expression: `!variables.asks || ${check}.check(variables.verb).allowed()`,
        messageExpression:
          `${CALLER} + ' lacks the verb "' + variables.verb + '" on workloads.${GROUP}/' + object.spec.workload.name + ` +
          `' in namespace ' + ${IN_NAMESPACE} + '; see: kubectl auth can-i ' + variables.verb + ' workloads.${GROUP}/' + ` +
          `object.spec.workload.name + ' -n ' + ${IN_NAMESPACE}`,
      },
      ...EXTRAS.map((verb) => ({
        expression: `!variables.asks || !(${WITHOUT[verb].has}) || ${check}.check('${verb}').allowed()`,
        messageExpression:
          `${CALLER} + ' lacks the verb "${verb}" on workloads.${GROUP}/' + object.spec.workload.name + ` +
          `' in namespace ' + ${IN_NAMESPACE} + ', without which ${WITHOUT[verb].what}'`,
      })),
      {
        expression:
          `request.operation == 'CREATE' || variables.trusted || variables.holder == ${CALLER} || ` +
          mayRevoke('oldObject.spec.workload.name'),
        messageExpression: `'this intercept belongs to ' + variables.holder`,
      },
    ],
  }
}

function status(manager: string): Policy {
  return {
    name: 'remocal-status',
    resources: ['sessions/status', 'intercepts/status'],
    group: GROUP,
    version: VERSION,
    operations: ['UPDATE'],
    validations: [{ expression: `${CALLER} == '${manager}'`, message: "only Remocal's managers write status" }],
  }
}

function agents(manager: string, { namespace, image }: Pick<InstallOptions, 'namespace' | 'image'>): Policy {
  const closed = [...SYSTEM_NAMESPACES, namespace].map((name) => `'${name}'`).join(', ')
  const ofManager = `${CALLER} != '${manager}' || `
  const eachAdded = (expression: string): string => `${ofManager}variables.added.all(c, ${expression})`
  const containers = 'object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : [])'
  return {
    name: 'remocal-agents',
    resources: ['pods/ephemeralcontainers'],
    group: '',
    version: 'v1',
    operations: ['UPDATE'],
    variables: [
      {
        name: 'before',
        expression: 'has(oldObject.spec.ephemeralContainers) ? oldObject.spec.ephemeralContainers.map(c, c.name) : []',
      },
      {
        name: 'added',
        expression:
          'has(object.spec.ephemeralContainers) ? ' +
          'object.spec.ephemeralContainers.filter(c, !(c.name in variables.before)) : []',
      },
    ],
    validations: [
      {
        expression: `${CALLER} == '${manager}' || variables.added.all(c, !c.name.startsWith('remocal-'))`,
        message: "only Remocal's managers add containers named remocal-*",
      },
      {
        expression: `${ofManager}!(${IN_NAMESPACE} in [${closed}])`,
        messageExpression: `'no agent may be added in namespace ' + ${IN_NAMESPACE}`,
      },
      {
        expression: eachAdded(`c.name.startsWith('remocal-') && c.image == '${image}'`),
        message: `an agent is named remocal-* and runs ${image}`,
      },
      {
        expression: eachAdded(`!has(c.command) && has(c.args) && size(c.args) > 0 && c.args[0] == 'agent'`),
        message: "an agent runs the image's own command as agent",
      },
      {
        expression: eachAdded(
          '!has(c.securityContext) || (' +
            '(!has(c.securityContext.privileged) || !c.securityContext.privileged) && ' +
            '(!has(c.securityContext.procMount) || c.securityContext.procMount == "Default") && ' +
            '(!has(c.securityContext.capabilities) || !has(c.securityContext.capabilities.add) || ' +
            `c.securityContext.capabilities.add.all(one, one in ['NET_ADMIN', 'SYS_PTRACE'])))`,
        ),
        message: 'an agent has no more capabilities than NET_ADMIN and SYS_PTRACE',
      },
      {
        expression: eachAdded(
          '!has(c.volumeMounts) && !has(c.volumeDevices) && !has(c.envFrom) && (!has(c.env) || ' +
            'c.env.all(e, !has(e.valueFrom) || has(e.valueFrom.fieldRef)))',
        ),
        message: 'an agent has no mounts and no secrets',
      },
      {
        expression:
          `${ofManager}size(variables.added) == 0 || ` +
          ['hostNetwork', 'hostPID', 'hostIPC']
            .map((it) => `(!has(object.spec.${it}) || !object.spec.${it})`)
            .join(' && '),
        message: "no agent may be added to a pod that shares its node's namespaces",
      },
      {
        expression:
          `${ofManager}size(variables.added) == 0 || (${containers}).all(c, !has(c.securityContext) || ` +
          '!has(c.securityContext.privileged) || !c.securityContext.privileged)',
        message: 'no agent may be added to a pod with a privileged container',
      },
    ],
  }
}

const API = 'admissionregistration.k8s.io/v1'

function policyObject({ name, resources, group, version, operations, variables, validations }: Policy): KubeObject {
  const object = {
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name, labels: { ...LABELS } },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        matchPolicy: 'Equivalent',
        resourceRules: [{ apiGroups: [group], apiVersions: [version], resources, operations, scope: 'Namespaced' }],
      },
      variables: variables ?? [],
      validations: validations.map((validation) => ({ ...validation, reason: 'Forbidden' })),
    },
  }
  return object
}

function bindingObject({ name }: Policy): KubeObject {
  const object = {
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name, labels: { ...LABELS } },
    spec: { policyName: name, validationActions: ['Deny'] },
  }
  return object
}
