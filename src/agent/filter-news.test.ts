import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Route } from '../wire/messages/control.ts'
import { FilterNews } from './filter-news.ts'
import type { Laptop } from './laptops.ts'

test('a laptop is told what has changed, and one that comes back all of it', () => {
  const route = { intercept: 'a' } as Route
  const news = new FilterNews()
  const laptop = (): { laptop: Laptop; told: object[] } => {
    const told: object[] = []
    return { told, laptop: { tell: (counts: object) => void told.push(counts) } as Laptop }
  }
  const first = laptop()
  news.tell(first.laptop, route, { exceeded: 0, failed: 0 })
  news.tell(first.laptop, route, { exceeded: 1, failed: 0 })
  news.tell(first.laptop, route, { exceeded: 1, failed: 0 })
  const again = laptop()
  news.tell(again.laptop, route, { exceeded: 1, failed: 2 })
  assert.deepEqual(first.told, [{ kind: 'filtered', intercept: 'a', exceeded: 1, failed: 0 }])
  assert.deepEqual(again.told, [{ kind: 'filtered', intercept: 'a', exceeded: 1, failed: 2 }])
})
