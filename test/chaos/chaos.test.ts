import { test } from 'node:test'
import { simulate } from './simulation.ts'

const [from = 1, to = from] = (process.env.SEEDS ?? '1-500').split('-').map(Number)

test(`no byte is lost or wrong under any schedule of link deaths: seeds ${from} to ${to}`, {
  timeout: 1_800_000,
}, async () => {
  for (let seed = from; seed <= to; seed++) {
    try {
      await simulate(seed)
    } catch (error) {
      throw new Error(`seed ${seed} fails; again: SEEDS=${seed} node --test test/chaos/chaos.test.ts`, { cause: error })
    }
  }
})
