import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Fault } from '../lib/fault.ts'
import { attachRequest } from './attach-request.ts'
import type { Call, Command } from './command.ts'
import { intercept } from './commands/intercept.ts'
import { list } from './commands/list.ts'
import { run } from './commands/run.ts'
import { parse } from './parse.ts'

function faultOf(call: () => unknown): Fault {
  try {
    call()
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a program without -- before it', () => {
  const MEANT: [Command, string[], string][] = [
    [run, ['curl', '-s', 'http://x'], 'remocal run -- curl -s http://x'],
    [run, ['-n', 'shop', 'curl', '-H', 'x: 1'], "remocal run -n shop -- curl -H 'x: 1'"],
    [run, ['--namespace=shop', 'curl'], 'remocal run --namespace=shop -- curl'],
    [intercept, ['orders', '--all', 'node', '--watch', 'a.js'], 'remocal intercept orders --all -- node --watch a.js'],
  ]
  for (const [command, argv, line] of MEANT) {
    it(line, () => {
      const { code, actions } = faultOf(() => parse(command, argv))
      assert.deepEqual([code, actions], ['RC-U-101', [line]])
    })
  }

  it('is not what a mistyped option is, nor what a command without a program gets', () => {
    for (const [command, argv] of [
      [intercept, ['orders', '--hader', 'a=b']],
      [run, ['--namespce', 'shop']],
      [list, ['orders']],
    ] as const) {
      assert.doesNotMatch(faultOf(() => parse(command, [...argv])).sentence, /stand after/)
    }
  })
})

describe('--port', () => {
  for (const [typed, why] of [
    ['70000', /from 1 to 65535/],
    ['http:0', /from 1 to 65535/],
    ['a:b', /PORT or PORT:LAPTOPPORT/],
    ['', /PORT or PORT:LAPTOPPORT/],
  ] as const) {
    it(`"${typed}" is refused before the cluster is asked`, () => {
      const parsed = parse(intercept, ['orders', '--port', typed])
      assert.ok('call' in parsed)
      const call = { ...parsed.call, io: { env: {}, cwd: '/' } } as Call
      const { code, sentence } = faultOf(() => attachRequest(intercept, call))
      assert.equal(code, 'RC-U-101')
      assert.match(sentence, why)
    })
  }
})

it('an option that counts once is not given twice', () => {
  const twice = faultOf(() => parse(intercept, ['orders', '--priority', '1', '--priority', '2']))
  assert.match(twice.sentence, /--priority is given 2 times/)
  assert.ok('call' in parse(intercept, ['orders', '--header', 'a=1', '--header', 'b=1', '-n', 'a', '-n', 'b']))
})
