/** Pods, and the pods of templates. */
import { sameJson } from './same-json.ts'
import type { Stored } from './store.ts'
import { type Fields, list, type Wrong } from './validate-fields.ts'

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

export function validatePodSpec(spec: Fields | undefined, at: string, wrong: Wrong): void {
  if (list(spec?.containers).length === 0) wrong(`${at}.containers`, 'Required value')
  const volumes = new Set(list(spec?.volumes).map(({ name }) => name))
  const names = new Set<unknown>()
  for (const field of ['containers', 'initContainers', 'ephemeralContainers']) {
    list(spec?.[field]).forEach((container, index) => {
      const here = `${at}.${field}[${index}]`
      const { name, image } = container
      if (typeof name !== 'string' || name === '') wrong(`${here}.name`, 'Required value')
      else if (!NAME.test(name)) wrong(`${here}.name`, `Invalid value: "${name}": a lowercase RFC 1123 label`)
      else if (names.has(name)) wrong(`${here}.name`, `Duplicate value: "${name}"`)
      names.add(name)
      if (typeof image !== 'string' || image === '') wrong(`${here}.image`, 'Required value')
      validateContainer(container, volumes, here, wrong)
    })
  }
  const policy = spec?.restartPolicy
  if (policy !== undefined && !['Always', 'OnFailure', 'Never'].includes(String(policy)))
    wrong(`${at}.restartPolicy`, `Unsupported value: "${policy}": supported values: "Always", "OnFailure", "Never"`)
}

function validateContainer(
  { ports, env, volumeMounts }: Fields,
  volumes: Set<unknown>,
  at: string,
  wrong: Wrong,
): void {
  list(ports).forEach(({ containerPort }, index) => {
    if (!Number.isInteger(containerPort) || Number(containerPort) < 1 || Number(containerPort) > 65_535)
      wrong(
        `${at}.ports[${index}].containerPort`,
        `Invalid value: ${containerPort}: must be between 1 and 65535, inclusive`,
      )
  })
  list(env).forEach(({ name }, index) => {
    if (typeof name !== 'string' || name === '') wrong(`${at}.env[${index}].name`, 'Required value')
  })
  list(volumeMounts).forEach(({ name, mountPath }, index) => {
    if (typeof mountPath !== 'string' || mountPath === '')
      wrong(`${at}.volumeMounts[${index}].mountPath`, 'Required value')
    if (!volumes.has(name)) wrong(`${at}.volumeMounts[${index}].name`, `Not found: "${name}"`)
  })
}

/** Of a pod that runs only the images may change; ephemeral containers come by their subresource. */
export function validatePodChange(object: Stored, old: Stored, wrong: Wrong): void {
  const fixed = (pod: Stored): object => {
    const {
      nodeName: _node,
      ephemeralContainers: _ephemeral,
      tolerations: _tolerations,
      activeDeadlineSeconds: _deadline,
      ...spec
    } = structuredClone(pod.spec)
    for (const container of [...list(spec.containers), ...list(spec.initContainers)]) delete container.image
    return spec
  }
  if (!sameJson(fixed(object), fixed(old)))
    wrong('spec', 'Forbidden: pod updates may not change fields other than `spec.containers[*].image`')
  if (!sameJson(object.spec.ephemeralContainers ?? [], old.spec.ephemeralContainers ?? []))
    wrong(
      'spec.ephemeralContainers',
      'Forbidden: ephemeral containers are added by the subresource `ephemeralcontainers`',
    )
}
