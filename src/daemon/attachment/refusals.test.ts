import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Workload } from '../workload.ts'
import { inTheWay } from './in-the-way.ts'
import { noPods, notReady, refusalOf, type Subject, troubleOf, waitingFor } from './refusals.ts'

const workload = { kind: 'Deployment', name: 'orders', namespace: 'shop', replicas: 2 } as Workload
const subject: Subject = { mode: 'intercept', workload, priority: 0, user: 'anna', inTheWay: () => [] }

function conflict(by: string, own: string[]): readonly string[] {
  const message = `all requests of Deployment orders are held by ${by} since 2026`
  const condition = { type: 'Accepted', status: 'False' as const, reason: 'Conflict', message, lastTransitionTime: '' }
  const refusal = refusalOf({ ...subject, inTheWay: () => own }, { conditions: [condition] })
  assert.equal(refusal?.code, 'RC-I-204')
  return refusal?.actions ?? []
}

describe('refusals', () => {
  it('say who holds the requests: this laptop, another one of the same person, or somebody else', () => {
    assert.equal(conflict('anna', ['orders-1'])[0], 'it is you: remocal leave orders-1')
    assert.equal(conflict('anna', [])[0], 'it is you on another laptop; there: remocal leave deploy/orders -n shop')
    assert.equal(conflict('tom', [])[0], 'take other requests: --header, --filter')
  })

  it('know that no pod runs, and what would help', () => {
    const status = {
      conditions: [{ type: 'Ready', status: 'False' as const, reason: 'NoPods', message: '', lastTransitionTime: '' }],
    }
    const why = troubleOf(status, () => false)
    assert.equal(waitingFor([], why), 'waiting: none of its pods is running')
    assert.equal(waitingFor([], undefined), 'waiting for a manager')
    assert.deepEqual(notReady(subject, why ?? '').code, 'RC-I-212')
    assert.equal(notReady(subject, 'no manager has answered').code, 'RC-I-205')
    assert.deepEqual(noPods({ mode: 'wiretap', workload: { ...workload, replicas: 0 } }).actions, [
      'kubectl scale deploy/orders -n shop --replicas 1',
    ])
  })

  it('do not take for trouble what an agent says that follows already', () => {
    const row = { pod: 'orders-a', podUid: '1', state: 'SYNCED' as const, message: 'RC-E-332: not seen' }
    const agents = [row, { ...row, pod: 'orders-b', podUid: '2', message: undefined }]
    assert.equal(
      troubleOf({ agents } as never, (podUid) => podUid === '1'),
      undefined,
    )
    assert.equal(
      troubleOf({ agents } as never, () => false),
      'RC-E-332: not seen (pod orders-a)',
    )
  })

  it('are about own attachments only when these want the same requests with the same priority', () => {
    const of = (name: string, filter: string, priority = 0, mode: 'intercept' | 'wiretap' = 'intercept') => ({
      name,
      workload,
      spec: { mode, filter, priority, ports: [] },
    })
    const all = [
      of('new', 'request.path == "/a"'),
      of('same', 'request.path == "/a"'),
      of('wider', 'request.path.startsWith("/")'),
      of('other', 'request.path == "/b"'),
      of('first', 'request.path == "/a"', 1),
      of('copies', 'request.path == "/a"', 0, 'wiretap'),
      { ...of('elsewhere', 'request.path == "/a"'), workload: { ...workload, name: 'stock' } },
    ]
    const [mine] = all
    assert.ok(mine)
    assert.deepEqual(inTheWay(mine, all), ['same', 'wider'])
  })
})
