import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VerifyBlind, VerifyHop, VerifyResult } from '../../lib/daemon-api.ts'
import { verifiedText } from './verified.ts'

function hop(name: string, from: VerifyHop['from'], after?: number): VerifyHop {
  const about = { port: 80, method: 'GET', path: `/${name}`, marks: ['baggage' as const], trace: true }
  return { workload: `deploy/${name}`, pod: `${name}-1`, from, ...about, ...(after !== undefined && { after }) }
}

const WEB = { ip: '10.0.0.1', pod: 'web-1', workload: 'deploy/web' }
const RESULT: VerifyResult = {
  ...{ url: 'http://web/', method: 'GET', mark: 'verify-1', status: 200, tookMs: 3100, verdict: 'arrived' },
  hops: [hop('web', { ip: '10.9.9.9' }), hop('orders', WEB, 0)],
  ...{ drops: [], unreached: [], blind: [], unwatched: [], notes: [] },
  watched: [
    { workload: 'deploy/web', pods: 1 },
    { workload: 'deploy/orders', pods: 2 },
  ],
}

test('a chain is shown in its order, each service further in than the one that asked it', () => {
  assert.equal(
    verifiedText(RESULT),
    `GET http://web/ was answered with 200 (3.1 s)

THE MARK CAME TO  POD       FROM            REQUEST      IN
deploy/web        web-1     you (10.9.9.9)  GET /web     baggage
  deploy/orders   orders-1  deploy/web      GET /orders  baggage

The mark travels: 2 services got it, and none that had it asked another one without.
`,
  )
})

test('who drops it is named, the first first, and how sure that is', () => {
  const drop = { workload: 'deploy/stock', pod: 'stock-1', method: 'GET', path: '/lamp' }
  const text = verifiedText({
    ...{ ...RESULT, verdict: 'dropped', notes: ['so'], unwatched: [{ workload: 'deploy/mail', why: 'none is ready' }] },
    drops: [
      { by: WEB, sure: true, ...drop },
      { by: { ip: '10.0.0.7', pod: 'job-1' }, sure: false, ...drop },
    ],
  })
  assert.ok(
    text.endsWith(`
deploy/web drops the mark: deploy/stock got GET /lamp from it without (pod stock-1).
Also pod/job-1 likely drops the mark (it had other requests too): deploy/stock got GET /lamp from it without (pod stock-1).
note: so
not watched: deploy/mail: none is ready
`),
    text,
  )
})

test('what was not seen is not said to be well', () => {
  const { status: _status, ...unanswered } = { ...RESULT, hops: [], unanswered: 'no answer within 30 s' }
  assert.match(
    verifiedText({ ...unanswered, verdict: 'unseen' }),
    /not answered: no answer .*\n\nNone of deploy\/web, deploy\/orders got/,
  )
  const blind: VerifyBlind[] = [{ by: 'deploy/web', to: 'deploy/stock', why: 'older' }]
  assert.match(
    verifiedText({ ...RESULT, verdict: 'unclear', blind }),
    /older than this watch from deploy\/web to deploy\/stock\. Try again/,
  )
  blind.push({ to: 'deploy/mail', why: 'tls' })
  assert.match(
    verifiedText({ ...RESULT, verdict: 'unclear', blind }),
    /to deploy\/stock; nobody looks into the TLS to deploy\/mail\. Try again/,
  )
  assert.match(
    verifiedText({ ...RESULT, verdict: 'unclear', blind: blind.slice(1) }),
    /not all was seen: nobody looks into the TLS to deploy\/mail\.\n$/,
  )
  assert.match(verifiedText({ ...RESULT, verdict: 'unreached', unreached: ['deploy/a'] }), /did not come to deploy\/a,/)
})
