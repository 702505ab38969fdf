import assert from 'node:assert/strict'
import { it } from 'node:test'
import { TlsNews } from './tls-news.ts'

it('the first trouble with TLS of each pod is told, once, and nothing else', () => {
  const news = new TlsNews()
  const a = { podUid: '1', pod: 'orders-a' }
  const b = { podUid: '2', pod: 'orders-b' }
  assert.deepEqual(news.hear([a, { ...b, message: 'nothing listens on port 8080 of the pod' }]), [])
  const message = 'RC-E-331: the files cannot be read. RC-E-340: Connections from before cannot be ended.'
  const line = 'orders-a: RC-E-331: the files cannot be read.'
  assert.deepEqual(news.hear([{ ...a, message }, b]), [line])
  assert.deepEqual(news.hear([{ ...a, message: 'RC-E-336: another' }, b]), [])
  assert.deepEqual(news.hear([a, { ...b, message: 'RC-E-336: no TLS' }]), ['orders-b: RC-E-336: no TLS'])
  // Another agent of a pod that was away.
  assert.deepEqual(news.hear([b]), [])
  assert.deepEqual(news.hear([{ ...a, message }]), [line])
})
