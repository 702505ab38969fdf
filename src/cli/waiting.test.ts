import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StatusResult } from '../lib/daemon-api.ts'
import { waitingText } from './waiting.ts'

type State = StatusResult['clusters'][number]['state']

function status(...clusters: [context: string, state: State, message?: string][]): StatusResult {
  const shown = clusters.map(([context, state, message]) => ({ context, state, ...(message && { message }) }))
  return { daemon: {}, clusters: shown } as unknown as StatusResult
}

test('what is waited for is said by what the daemon knows', () => {
  assert.equal(waitingText('/v1/list', undefined), 'waiting for the daemon')
  assert.equal(waitingText('/v1/list', status()), 'waiting for the cluster to answer')
  assert.equal(waitingText('/v1/list', status(['staging', 'connected'])), 'waiting for staging to answer')
  assert.equal(
    waitingText('/v1/list', status(['staging', 'connected'], ['prod', 'reconnecting', 'no answer'])),
    'waiting for prod, to which there is no connection: no answer',
  )
  assert.match(waitingText('/v1/leave', status(['staging', 'connected'])), /requests under way .* staging to answer$/)
})
