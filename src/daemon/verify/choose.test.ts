import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fault } from '../../lib/fault.ts'
import type { ServiceView } from '../ports.ts'
import type { Workload } from '../workload.ts'
import { type Choice, choose, MOST_WORKLOADS } from './choose.ts'

function workload(name: string, ready = 1, kind = 'Deployment'): Workload {
  const ports = [8080, 9090].map((port) => ({ port, container: 'app' }))
  return { namespace: 'shop', kind, name, ready, replicas: 1, labels: { app: name }, ports, containers: ['app'] }
}

function service(name: string): ServiceView {
  return { name, selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] }
}

const namesOf = ({ chosen }: Choice): string[] => chosen.map(({ workload: { name } }) => name)

function refused(...args: Parameters<typeof choose>): string {
  let code = ''
  assert.throws(
    () => choose(...args),
    (error: Fault) => {
      code = error.code
      return true
    },
  )
  return code
}

test('without names all behind Services are watched, at the ports that these lead to; those that are not ready are told of', () => {
  const workloads = [workload('web'), workload('job'), workload('down', 0)]
  const choice = choose([], 'shop', workloads, ['web', 'down', 'elsewhere'].map(service))
  assert.deepEqual(namesOf(choice), ['web'])
  assert.deepEqual(choice.chosen[0]?.ports, [{ port: 8080, target: 8080 }])
  assert.deepEqual(choice.left, [{ workload: 'deploy/down', why: 'none of its pods is ready' }])
})

test('what is named is watched once, also without a Service and at all declared ports then', () => {
  const workloads = [workload('web'), workload('job')]
  const choice = choose(['deploy/job', 'web', 'job'], 'shop', workloads, [service('web')])
  assert.deepEqual(namesOf(choice), ['job', 'web'])
  assert.deepEqual(
    choice.chosen[0]?.ports.map(({ port }) => port),
    [8080, 9090],
  )
})

test('nothing, too much, and what does not exist are refused', () => {
  assert.equal(refused([], 'shop', [workload('job')], []), 'RC-I-214')
  assert.equal(refused([], 'shop', [workload('web', 0)], [service('web')]), 'RC-I-214')
  assert.equal(refused(['nowhere'], 'shop', [workload('web')], []), 'RC-I-201')
  assert.equal(refused(['web'], 'shop', [{ ...workload('web'), ports: [] }], []), 'RC-I-206')
  const names = Array.from({ length: MOST_WORKLOADS + 1 }, (_, at) => `w${at}`)
  assert.equal(
    refused(
      [],
      'shop',
      names.map((name) => workload(name)),
      names.map(service),
    ),
    'RC-I-214',
  )
})
