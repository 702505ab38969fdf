import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentView, StatusResult } from '../../lib/daemon-api.ts'
import { statusText } from './status.ts'

type Attachment = StatusResult['clusters'][number]['attachments'][number]

/** The last column of its only row. */
function routeOf(mode: Attachment['mode'], agent: Partial<AgentView>): string {
  const attachment: Attachment = {
    ...{ name: 'orders-1', namespace: 'shop', workload: 'deploy/orders', mode, filter: '', priority: 0 },
    ...{
      ifDown: 'app',
      filtered: { exceeded: 0, failed: 0 },
      ports: [{ port: 80, target: 8080 }],
      since: new Date().toISOString(),
    },
    agents: [{ pod: 'orders-a', state: 'ready', routeNow: 'laptop', ...agent }],
  }
  const text = statusText({
    daemon: { version: '1', pid: 1, uptimeMs: 1000, attachments: 1 },
    clusters: [
      {
        ...{ context: 'shop', user: 'anna', mark: 'anna-1', state: 'connected', manager: 'm-0', managerVersion: '1' },
        ...{ link: 'tcp', rttMs: 1, attachments: [attachment] },
      },
    ],
  })
  const [head = '', row = ''] = text.trimEnd().split('\n').slice(-2)
  return row.slice(head.indexOf('ROUTE NOW')).trim()
}

const CLOSED = "RC-E-331: Connections in TLS to port 443 are not looked into: the app's files cannot be read: no shell."

test('the route now is the laptop, and of what is closed in TLS the app', () => {
  assert.equal(routeOf('intercept', {}), 'laptop')
  assert.equal(routeOf('intercept', { message: CLOSED }), 'laptop, TLS: app')
  assert.equal(routeOf('intercept', { message: `nothing listens on port 8080; ${CLOSED}` }), 'laptop, TLS: app')
  assert.equal(routeOf('intercept', { message: 'RC-E-340: Connections from before cannot be ended.' }), 'laptop')
  // What goes elsewhere goes there in TLS, too.
  assert.equal(routeOf('intercept', { routeNow: 'app', message: CLOSED }), 'app')
  assert.equal(routeOf('intercept', { routeNow: 'error', message: CLOSED }), 'error')
  assert.equal(routeOf('wiretap', { message: CLOSED }), 'app, copies here')
})
