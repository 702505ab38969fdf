import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Pod } from '../kinds.ts'
import { agentContainer, agentState } from './agent-container.ts'

const NOW = Date.parse('2026-01-01T00:01:00Z')

/** Containers by name: `undefined` runs, a number ended so many seconds ago. */
function pod(agents: Record<string, number | undefined>): Pod {
  const statuses = Object.entries(agents).map(([name, endedAgo]) => ({
    name,
    state:
      endedAgo === undefined
        ? { running: {} }
        : { terminated: { finishedAt: new Date(NOW - endedAgo * 1000).toISOString() } },
  }))
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'orders-1', namespace: 'shop', uid: 'u1' },
    spec: {
      containers: [{ name: 'app' }],
      ephemeralContainers: Object.keys(agents).map((name) => ({ name, args: ['agent', '--installation-key', 'k'] })),
    },
    status: { phase: 'Running', ephemeralContainerStatuses: statuses },
  }
}

describe('the agent of a pod', () => {
  it('is absent where there is none, or only debuggers of people', () => {
    assert.deepEqual(agentState(pod({}), 'k', NOW), { kind: 'absent' })
    assert.deepEqual(agentState(pod({ debugger: undefined, 'remocal-x': undefined }), 'k', NOW), { kind: 'absent' })
  })

  it('is the one that has not ended, in whatever order the API server keeps them', () => {
    for (const agents of [
      { 'remocal-1': 30, 'remocal-2': undefined },
      { 'remocal-2': undefined, 'remocal-1': 30 },
    ]) {
      const state = agentState(pod(agents), 'k', NOW)
      assert.equal(state.kind, 'present')
      assert.equal(state.kind === 'present' && state.container, 'remocal-2')
    }
  })

  it('is present from the moment it is in the spec, before it has a status', () => {
    const starting = pod({ 'remocal-1': 30 })
    starting.spec.ephemeralContainers?.unshift({ name: 'remocal-2', args: ['agent', '--installation-key', 'k'] })
    assert.equal(agentState(starting, 'k', NOW).kind, 'present')
  })

  it('is replaced at once the first time, then at most once in ten seconds, then no more', () => {
    assert.equal(agentState(pod({ 'remocal-1': 0 }), 'k', NOW).kind, 'absent')
    assert.deepEqual(agentState(pod({ 'remocal-2': 3, 'remocal-1': 30 }), 'k', NOW), {
      kind: 'resting',
      container: 'remocal-2',
      waitMs: 7000,
    })
    assert.equal(agentState(pod({ 'remocal-2': 11, 'remocal-1': 30 }), 'k', NOW).kind, 'absent')
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`remocal-${index + 1}`, 60]))
    assert.equal(agentState(pod(many), 'k', NOW).kind, 'exhausted')
  })

  it('is not one that another installation has left', () => {
    const left = pod({ 'remocal-1': undefined })
    assert.equal(agentState(left, 'another key', NOW).kind, 'absent')
  })

  it('gets a name that no container of the pod has had', () => {
    const options = { image: 'remocal:dev', installationKey: 'k', managers: ['10.0.0.1:7070'], managersName: 'm:7070' }
    const container = agentContainer(pod({ 'remocal-2': 3, 'remocal-1': 30 }), 'app', options)
    assert.equal(container.name, 'remocal-3')
    assert.ok(container.args?.includes('u1'))
  })
})
