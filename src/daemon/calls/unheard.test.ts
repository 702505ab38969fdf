import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unheardBy } from './unheard.ts'

const NOBODY = 'nothing listens on port 80 of this laptop'

/** What is said of one that came, and of those that will. */
function said(filter: string | undefined, ifDown: 'app' | 'error'): string[] {
  const { unheard, unused } = unheardBy(filter, ifDown)
  return [unheard(NOBODY), unused(NOBODY)].map((line) => line.replace('RC-E-311: ', '').replace(NOBODY, '…'))
}

test('what is not read is told to be reset, and 503 is for requests', () => {
  for (const filter of [undefined, '"jane-7f3a" in request.marks', 'request.sni == "a" && request.path == "/"', 'true'])
    assert.deepEqual(said(filter, 'error'), [
      'a request came, but …: it was answered with 503',
      '…; until something does, these requests are answered with 503',
    ])
  for (const filter of ['', 'request.sni == "orders.shop"'])
    assert.deepEqual(said(filter, 'error'), [
      'a request or a connection came, but …: it was answered with 503, or reset if it is not read',
      '…; until something does, these requests are answered with 503, and connections that are not read are reset',
    ])
})

test('the app gets whatever came', () => {
  assert.deepEqual(said('request.path == "/"', 'app'), [
    'a request came, but …: it went to the app',
    '…; until something does, these requests go to the app',
  ])
  assert.deepEqual(said('', 'app'), [
    'a request or a connection came, but …: it went to the app',
    '…; until something does, these requests and connections go to the app',
  ])
})
