import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fault } from '../../diagnose/catalogue.ts'
import type { Intercept } from '../../kube/resources.ts'
import type { Fault } from '../../lib/fault.ts'
import { notKept, refusedAs } from './object.ts'

const SPEC: Intercept['spec'] = {
  mode: 'wiretap',
  workload: { kind: 'Deployment', name: 'orders' },
  ports: [{ port: 80, target: 80 }],
  filter: '',
  priority: 0,
  wiretap: { percent: 10, diff: false },
  session: 's',
  owner: 'jane',
}

test('what an older definition leaves out is said, and nothing else', () => {
  assert.equal(notKept(SPEC, { ...SPEC }), undefined)
  const { wiretap: _wiretap, ...older } = SPEC
  assert.equal(notKept(SPEC, older)?.code, 'RC-I-211')
  assert.match(
    notKept({ ...SPEC, ifDown: 'error' }, SPEC)?.sentence ?? '',
    /does not know --if-down\. Nothing was changed/,
  )
  assert.match(notKept({ ...SPEC, reopen: true }, SPEC)?.sentence ?? '', /does not know --reopen\. Nothing was changed/)
})

test('what an older definition refuses is said as that; other refusals stay what they are', () => {
  const older = fault('RC-C-111', 'The API server does not take intercept x: spec.mode: Unsupported value: "wiretap".')
  assert.equal((refusedAs(SPEC, older) as Fault).code, 'RC-I-211')
  const other = fault('RC-C-111', 'The API server does not take intercept x: spec.filter: Too long.')
  assert.equal(refusedAs(SPEC, other), other)
  const forbidden = fault('RC-C-118', 'you lack the verb on spec.mode')
  assert.equal(refusedAs(SPEC, forbidden), forbidden)
})
