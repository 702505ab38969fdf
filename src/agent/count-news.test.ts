import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CountNews } from './count-news.ts'
import type { Laptop } from './laptops.ts'

test('a laptop is told what has changed, and one that comes back all of it', () => {
  const filtered = (exceeded: number, failed: number) =>
    ({ kind: 'filtered', intercept: 'a', exceeded, failed }) as const
  const news = new CountNews()
  const laptop = (): { laptop: Laptop; told: object[] } => {
    const told: object[] = []
    return { told, laptop: { tell: (counts: object) => void told.push(counts) } as Laptop }
  }
  const first = laptop()
  news.tell(first.laptop, filtered(0, 0))
  news.tell(first.laptop, filtered(1, 0))
  news.tell(first.laptop, filtered(1, 0))
  const none = { http1: 0, http2: 0 }
  const bridged = { kind: 'bridged', intercept: 'a', laptop: none, app: { http1: 1, http2: 0 } } as const
  news.tell(first.laptop, { ...bridged, app: none })
  news.tell(first.laptop, bridged)
  news.tell(first.laptop, bridged)
  const again = laptop()
  news.tell(again.laptop, filtered(1, 2))
  assert.deepEqual(first.told, [filtered(1, 0), bridged])
  assert.deepEqual(again.told, [filtered(1, 2)])
})
