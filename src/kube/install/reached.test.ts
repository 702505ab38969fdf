import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../lib/fake-clock.ts'
import type { KubeClient } from '../client.ts'
import { reached } from './reached.ts'

/** A client whose ConfigMap says these addresses, one after the other; the Service has node port 30123. */
function clientOf(...said: (string | undefined)[]): Pick<KubeClient, 'find'> & { asked: number } {
  const client = {
    asked: 0,
    async find({ kind }: { kind: string }) {
      if (kind === 'Service') return { spec: { type: 'NodePort', ports: [{ port: 7070, nodePort: 30123 }] } }
      const reach = said[Math.min(client.asked++, said.length - 1)]
      return { data: { ...(reach !== undefined && { reach }) } }
    },
  }
  return client as unknown as Pick<KubeClient, 'find'> & { asked: number }
}

async function found(client: Pick<KubeClient, 'find'>): Promise<string[]> {
  const clock = new FakeClock()
  const limitMs = 3000
  let result: string[] | undefined
  void reached(client, 'remocal-system', { clock, limitMs }).then((addresses) => {
    result = addresses
  })
  for (let turn = 0; result === undefined && turn < 100; turn++) {
    await new Promise(setImmediate)
    clock.advance(300)
  }
  assert.ok(result !== undefined)
  return result
}

test('the addresses of an exposed installation are those that fit the Service of now', async () => {
  const client = clientOf(undefined, '10.0.0.9:7070', '10.0.0.1:30123 10.0.0.2:30123')
  assert.deepEqual(await found(client), ['10.0.0.1:30123', '10.0.0.2:30123'])
  assert.equal(client.asked, 3)
})

test('none is said when there is none in time', async () => {
  assert.deepEqual(await found(clientOf('10.0.0.9:7070')), [])
})
