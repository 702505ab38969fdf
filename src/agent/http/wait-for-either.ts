/** Two ends that are connected and of which little or nothing was heard: who speaks next. */
import type { Socket } from 'node:net'
import type { Stream } from '../../wire/session/contract.ts'

export type Word = { by: 'client' | 'upstream'; bytes: Buffer } | { by: 'client end' | 'upstream end' | 'time' }

/**
 * Both are paused at the first word: what follows is for whoever passes it on. Rejects when the connection is lost.
 * @param time aborted when nobody is waited for any longer
 */
export async function waitForEither(client: Socket, stream: Stream, time?: AbortSignal): Promise<Word> {
  const { promise, resolve, reject } = Promise.withResolvers<Word>()
  const decide = (word: Word): void => {
    client.pause()
    stream.pause()
    resolve(word)
  }
  const onData = (bytes: Buffer): void => decide({ by: 'client', bytes })
  const onEnd = (): void => decide({ by: 'client end' })
  const onTime = (): void => decide({ by: 'time' })
  const onClose = (): void => {
    stream.reset('reset', 'the client is gone')
    reject(new Error('the client is gone'))
  }
  if (time?.aborted === true) return { by: 'time' }
  if (client.destroyed) onClose()
  stream.bind({
    onData: (bytes) => decide({ by: 'upstream', bytes }),
    onEnd: () => decide({ by: 'upstream end' }),
    onDrain() {},
    onClose: () => reject(new Error('the other end is gone')),
  })
  client.once('data', onData).once('end', onEnd).once('close', onClose)
  time?.addEventListener('abort', onTime)
  stream.resume()
  client.resume()
  try {
    return await promise
  } finally {
    client.off('data', onData).off('end', onEnd).off('close', onClose)
    time?.removeEventListener('abort', onTime)
  }
}
