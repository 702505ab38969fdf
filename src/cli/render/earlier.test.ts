import assert from 'node:assert/strict'
import { test } from 'node:test'
import { earlierText } from './earlier.ts'

test('connections from before: how many, and what can be done or is done', () => {
  assert.equal(
    earlierText({ connections: 3, ends: false, wished: false }),
    '3 connections from before go past the agent; --reopen ends them when they are quiet',
  )
  assert.equal(
    earlierText({ connections: 1, ends: false, wished: false }),
    '1 connection from before goes past the agent; --reopen ends it when it is quiet',
  )
  assert.equal(
    earlierText({ connections: 2, ends: true, wished: true }),
    '2 connections from before go past the agent, and are ended when they are quiet',
  )
  // Its time is over, or the kernel cannot: the agent says why.
  assert.equal(
    earlierText({ connections: 1, ends: false, wished: true }),
    '1 connection from before goes past the agent',
  )
})
