import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Intercept } from '../../kube/resources.ts'
import type { Attachment } from '../attachment/attachment.ts'
import { rivalLines, rivalsOf } from './rivals.ts'

type Subject = Pick<Attachment, 'name' | 'workload' | 'spec'>

const FILTER = 'request.headers["x-user"] == "bob"'

function intercept(name: string, spec: Partial<Intercept['spec']> = {}): Intercept {
  return {
    apiVersion: 'remocal.dev/v1',
    kind: 'Intercept',
    metadata: { name, namespace: 'shop' },
    spec: {
      workload: { kind: 'Deployment', name: 'orders' },
      mode: 'intercept',
      ports: [{ port: 8080, target: 8080 }],
      filter: FILTER,
      priority: 5,
      owner: 'anna',
      session: 's',
      ...spec,
    },
  }
}

test('who wants the same requests with another priority is before or after', () => {
  const { spec } = intercept('mine', { priority: 1 })
  const workload = { kind: 'Deployment', name: 'orders' } as Subject['workload']
  const rivals = rivalsOf({ name: 'mine', workload, spec }, [
    intercept('mine'),
    intercept('first'),
    intercept('later', { priority: 0, owner: 'tom' }),
    intercept('same', { priority: 1 }),
    intercept('copies', { mode: 'wiretap' }),
    intercept('elsewhere', { workload: { kind: 'Deployment', name: 'other' } }),
    intercept('port', { ports: [{ port: 9090, target: 1 }] }),
    intercept('others', { filter: 'request.headers["x-user"] == "tom"' }),
    intercept('personal', { filter: '"a-1" in request.marks' }),
    intercept('everything', { filter: '' }),
  ])
  assert.deepEqual(
    [rivals.before, rivals.after].map((all) => all.map(({ metadata }) => metadata.name)),
    [['first'], ['later']],
  )
  assert.deepEqual(rivalLines(rivals, 1), [
    'requests that anna (priority 5) wants too go there first: yours has priority 1',
    'requests that tom (priority 0) wants too come here first: yours has priority 1',
  ])
})
