/** The CEL of admission policies, as far as it can be evaluated without an API server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate } from '@marcbachmann/cel-js'
import type { Intercept, KubeObject } from '../resources.ts'
import { verbOf } from '../rights.ts'
import { policies } from './policies.ts'

interface Policy extends KubeObject {
  spec: { variables: { name: string; expression: string }[]; validations: { expression: string }[] }
}

const verb = policies({ namespace: 'remocal-system', image: 'remocal:dev' })
  .filter(({ metadata }) => metadata.name === 'remocal-intercepts')
  .flatMap((policy) => (policy as Partial<Policy>).spec?.variables ?? [])
  .find(({ name }) => name === 'verb')?.expression

test('to look into TLS, and to end connections from before, need verbs of their own, whatever else is asked for', () => {
  const expressions = policies({ namespace: 'remocal-system', image: 'remocal:dev' })
    .filter(({ metadata }) => metadata.name === 'remocal-intercepts')
    .flatMap((policy) => (policy as Partial<Policy>).spec?.validations ?? [])
    .map(({ expression }) => expression)
  for (const [verb, spec] of [
    ['tls', { tls: {} }],
    ['tls', { tls: { key: '/k' } }],
    ['reopen', { reopen: true }],
  ] as const) {
    const own = expressions.find((expression) => expression.includes(`check('${verb}')`))
    assert.ok(own !== undefined)
    // The API server's own functions are not known here: what is asked of them is.
    const asked = own.replace(/authorizer\..*$/, 'may')
    const allowed = (some: object, may: boolean, asks = true): unknown =>
      evaluate(asked, { variables: { asks }, object: { spec: some }, may })
    assert.equal(allowed({ mode: 'intercept' }, false), true)
    assert.equal(allowed({ mode: 'intercept', reopen: false }, false), true)
    assert.equal(allowed({ mode: 'intercept', ...spec }, false), false)
    assert.equal(allowed({ mode: 'wiretap', ...spec }, true), true)
    assert.equal(allowed({ mode: 'intercept', ...spec }, false, false), true)
  }
})

/** The verb that somebody needs on the workload. */
function needed(operation: string, spec: Partial<Intercept['spec']>): unknown {
  assert.ok(verb !== undefined)
  const found = evaluate(verb, { request: { operation }, object: { spec } })
  // Managers ask again for the same.
  const { mode = 'intercept', filter = '' } = spec
  if (operation !== 'DELETE') assert.equal(verbOf({ mode, filter }), found)
  return found
}

test('everything of a workload needs intercept-all, a part of it intercept, copies wiretap, whatever of, a look tap', () => {
  const part = 'request.path == "/a"'
  assert.equal(needed('CREATE', { mode: 'intercept', filter: '' }), 'intercept-all')
  assert.equal(needed('CREATE', { mode: 'intercept', filter: part }), 'intercept')
  for (const filter of ['true', ' ( true )', 'request.path.startsWith("/")', '(request.path.startsWith("/"))'])
    assert.equal(needed('CREATE', { mode: 'intercept', filter }), 'intercept-all', filter)
  for (const filter of ['request.path.startsWith("/a")', 'true && request.path == "/"', 'request.path == "true"'])
    assert.equal(needed('CREATE', { mode: 'intercept', filter }), 'intercept', filter)
  assert.equal(needed('CREATE', { mode: 'wiretap', filter: '' }), 'wiretap')
  assert.equal(needed('CREATE', { mode: 'wiretap', filter: part }), 'wiretap')
  assert.equal(needed('CREATE', { mode: 'watch', filter: '' }), 'tap')
  assert.equal(needed('UPDATE', { mode: 'intercept', filter: '' }), 'intercept-all')
  assert.equal(needed('DELETE', { mode: 'intercept', filter: '' }), 'intercept')
})
