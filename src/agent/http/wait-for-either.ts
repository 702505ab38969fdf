/** Two ends that are connected and silent: who speaks first. */
import type { Socket } from 'node:net'
import type { Stream } from '../../wire/session/contract.ts'

export type FirstWord = { by: 'client' | 'upstream'; bytes: Buffer } | { by: 'client end' | 'upstream end' }

/** Both are paused at the first word: what follows is for whoever passes it on. Rejects when the connection is lost. */
export async function waitForEither(client: Socket, stream: Stream): Promise<FirstWord> {
  const { promise, resolve, reject } = Promise.withResolvers<FirstWord>()
  const decide = (word: FirstWord): void => {
    client.pause()
    stream.pause()
    resolve(word)
  }
  const onData = (bytes: Buffer): void => decide({ by: 'client', bytes })
  const onEnd = (): void => decide({ by: 'client end' })
  const onClose = (): void => {
    stream.reset('reset', 'the client is gone')
    reject(new Error('the client is gone'))
  }
  stream.bind({
    onData: (bytes) => decide({ by: 'upstream', bytes }),
    onEnd: () => decide({ by: 'upstream end' }),
    onDrain() {},
    onClose: () => reject(new Error('the other end is gone')),
  })
  client.once('data', onData).once('end', onEnd).once('close', onClose)
  stream.resume()
  client.resume()
  try {
    return await promise
  } finally {
    client.off('data', onData).off('end', onEnd).off('close', onClose)
  }
}
