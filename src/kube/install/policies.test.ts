/** The CEL of admission policies, as far as it can be evaluated without an API server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate } from '@marcbachmann/cel-js'
import type { Intercept, KubeObject } from '../resources.ts'
import { policies } from './policies.ts'

interface Policy extends KubeObject {
  spec: { variables: { name: string; expression: string }[] }
}

const verb = policies({ namespace: 'remocal-system', image: 'remocal:dev' })
  .filter(({ metadata }) => metadata.name === 'remocal-intercepts')
  .flatMap((policy) => (policy as Partial<Policy>).spec?.variables ?? [])
  .find(({ name }) => name === 'verb')?.expression

/** The verb that somebody needs on the workload. */
function needed(operation: string, spec: Partial<Intercept['spec']>): unknown {
  assert.ok(verb !== undefined)
  return evaluate(verb, { request: { operation }, object: { spec } })
}

test('everything of a workload needs intercept-all, a part of it intercept, copies wiretap, whatever of, a look tap', () => {
  const part = 'request.path == "/a"'
  assert.equal(needed('CREATE', { mode: 'intercept', filter: '' }), 'intercept-all')
  assert.equal(needed('CREATE', { mode: 'intercept', filter: part }), 'intercept')
  assert.equal(needed('CREATE', { mode: 'wiretap', filter: '' }), 'wiretap')
  assert.equal(needed('CREATE', { mode: 'wiretap', filter: part }), 'wiretap')
  assert.equal(needed('CREATE', { mode: 'watch', filter: '' }), 'tap')
  assert.equal(needed('UPDATE', { mode: 'intercept', filter: '' }), 'intercept-all')
  assert.equal(needed('DELETE', { mode: 'intercept', filter: '' }), 'intercept')
})
