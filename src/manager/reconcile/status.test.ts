import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Intercept } from '../../kube/resources.ts'
import { decideAll } from './decide.ts'
import { intercept, shop } from './fixtures.ts'
import { type ConnectedAgent, type InterceptStatus, statusOf } from './status.ts'

const NOW = new Date('2026-01-01T00:01:00Z')

function status(
  one: Intercept,
  agents: Record<string, Partial<ConnectedAgent>>,
  refused = new Map<string, string>(),
): InterceptStatus {
  const view = shop()
  const [decision] = decideAll({
    intercepts: [one],
    view: () => view,
    filterProblem: () => undefined,
    lacking: () => undefined,
  })
  assert.ok(decision !== undefined)
  const connected = (uid: string): ConnectedAgent | undefined =>
    agents[uid] === undefined
      ? undefined
      : {
          publicKey: `key ${uid}`,
          container: 'remocal-1',
          features: ['watch'],
          sent: 3,
          report: undefined,
          ...agents[uid],
        }
  return statusOf(decision, connected, refused, 'k', NOW)
}

function report(one: Intercept, generation: number, error?: string): NonNullable<ConnectedAgent['report']> {
  const routes = [{ intercept: one.metadata.uid ?? '', now: 'laptop' as const }]
  return { kind: 'report', epoch: 1, generation, routes, listening: [8080], ...(error !== undefined && { error }) }
}

const is = ({ conditions }: InterceptStatus, type: string): string | undefined =>
  conditions?.find((one) => one.type === type)?.status

describe('status', () => {
  it('is ready when every agent has acknowledged what it was sent', () => {
    const one = intercept({})
    const all = { p0: { report: report(one, 3) }, p1: { report: report(one, 3) } }
    assert.equal(is(status(one, all), 'Ready'), 'True')
    const late = status(one, { ...all, p1: { report: report(one, 2) } })
    assert.equal(is(late, 'Ready'), 'False')
    assert.deepEqual(
      late.agents?.map(({ state }) => state),
      ['SYNCED', 'STALE'],
    )
  })

  it('has a row for each pod that should have an agent, also for those that have none', () => {
    const { agents } = status(intercept({}), {}, new Map([['p1', 'forbidden by policy']]))
    assert.deepEqual(
      agents?.map(({ pod, state, message }) => ({ pod, state, message })),
      [
        { pod: 'orders-1-0', state: 'STARTING', message: undefined },
        { pod: 'orders-1-1', state: 'ERROR', message: 'forbidden by policy' },
      ],
    )
  })

  it("carries an agent's own words when it rejects its config", () => {
    const one = intercept({})
    const shown = status(one, {
      p0: { report: report(one, 2, 'the filter is not valid') },
      p1: { report: report(one, 3) },
    })
    assert.equal(shown.agents?.[0]?.state, 'ERROR')
    assert.equal(shown.conditions?.find(({ type }) => type === 'Ready')?.message, 'the filter is not valid')
  })

  it('keeps the time of a condition that did not change', () => {
    const one = intercept({})
    const all = { p0: { report: report(one, 3) }, p1: { report: report(one, 3) } }
    const first = status(one, all)
    one.status = {
      ...first,
      conditions:
        first.conditions?.map((condition) => ({ ...condition, lastTransitionTime: '2026-01-01T00:00:30Z' })) ?? [],
    }
    assert.deepEqual(
      new Set(status(one, all).conditions?.map(({ lastTransitionTime }) => lastTransitionTime)),
      new Set(['2026-01-01T00:00:30Z']),
    )
  })

  it('says that an agent of an earlier version has no watches', () => {
    const one = intercept({ mode: 'watch', filter: '', watch: { mark: 'm', trace: 't', from: [] } })
    const both = status(one, { p0: { features: [], report: report(one, 3) }, p1: { report: report(one, 3) } })
    assert.deepEqual(
      both.agents?.map(({ state }) => state),
      ['ERROR', 'SYNCED'],
    )
    assert.match(both.agents?.[0]?.message ?? '', /earlier version/)
  })
})
