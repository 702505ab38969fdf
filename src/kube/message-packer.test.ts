import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessagePacker } from './message-packer.ts'

const nextTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

test('MessagePacker joins what is put in one turn, and splits what is too long, in order', async () => {
  const messages: Buffer[] = []
  const packer = new MessagePacker(7, (message, sent) => {
    messages.push(Buffer.from(message))
    sent(false)
  })
  const all = Buffer.alloc(300_000, 'some text. ')
  const sizes = [1, 8, 50_000, 8, 199_000, 3]
  let at = 0
  for (const size of sizes) {
    packer.put(all.subarray(at, at + size))
    at += size
  }
  assert.ok(packer.waitingBytes > 0)
  await nextTick()
  assert.equal(packer.waitingBytes, 0)
  packer.put(all.subarray(at))
  await nextTick()
  assert.ok(messages.every((message) => message[0] === 7 && message.length <= 1 + 128 * 1024))
  assert.deepEqual(Buffer.concat(messages.map((message) => message.subarray(1))), all)
  assert.equal(messages.length, 3)
})

test('MessagePacker writes into no message that is still under way', async () => {
  const messages: { message: Buffer; sent: (isIdle: boolean) => void }[] = []
  const packer = new MessagePacker(0, (message, sent) => void messages.push({ message, sent }))
  const put = async (value: number, bytes: number): Promise<void> => {
    packer.put(Buffer.alloc(bytes, value))
    await nextTick()
  }
  await put(1, 100_000)
  await put(2, 10)
  await put(3, 100_000)
  messages[0]?.sent(false)
  await put(4, 100_000)
  await put(5, 20)
  assert.deepEqual(
    messages.slice(1).map(({ message }) => [message[1], message.at(-1), message.length]),
    [
      [2, 2, 11],
      [3, 3, 100_001],
      [4, 4, 100_001],
      [5, 5, 21],
    ],
  )
})
