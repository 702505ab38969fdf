import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JournalEntry } from './journal.ts'
import { takeAway } from './take-away.ts'

const WHERE = { kubeconfig: '/home/jane/.kube/config', context: 'staging' }

test('what is over is deleted, of this cluster and as far as it is meant; what cannot be stays in the journal', async () => {
  const entry = (name: string, rest: Partial<JournalEntry> = {}): JournalEntry => ({
    ...{ kind: 'Intercept', ...WHERE, namespace: 'shop', name },
    ...rest,
  })
  let entries = [
    entry('a'),
    entry('held'),
    entry('stuck'),
    entry('elsewhere', { context: 'prod' }),
    entry('laptop', { kind: 'Session' }),
  ]
  const journal = {
    get entries() {
      return entries
    },
    remove(one: JournalEntry) {
      entries = entries.filter((other) => other !== one)
    },
  }
  const client = {
    async delete({ name }: { name: string }) {
      if (name === 'stuck') throw new Error('no network')
      return true
    },
  }
  const taken = await takeAway({ client, journal, where: WHERE }, ({ name }) => name !== 'held')
  assert.deepEqual(taken, {
    gone: [{ namespace: 'shop', name: 'a' }],
    remaining: [{ namespace: 'shop', name: 'stuck', why: 'no network' }],
  })
  assert.deepEqual(
    entries.map(({ name }) => name),
    ['held', 'stuck', 'elsewhere', 'laptop'],
  )
})
