/** Reads a client's first message of TLS, within a time. */
import type { Socket } from 'node:net'
import type { Clock } from '../../lib/clock.ts'
import { type ClientHello, HelloReader, type ReadHello } from './client-hello.ts'

const HELLO_MS = 10_000

/**
 * @param first what was read already
 * @returns all that was read; without `hello` when it is none that can be understood, or did not come. The client is paused.
 */
export async function readClientHello(
  client: Socket,
  first: Buffer,
  clock: Clock,
): Promise<{ hello: ClientHello | undefined; read: Buffer }> {
  const reader = new HelloReader()
  const known = reader.take(first)
  const said = known === 'more' ? await more(client, reader, clock) : known
  return { hello: typeof said === 'string' ? undefined : said, read: reader.raw }
}

function more(client: Socket, reader: HelloReader, clock: Clock): Promise<ReadHello> {
  const { promise, resolve } = Promise.withResolvers<ReadHello>()
  const done = (said: ReadHello): void => {
    timer.cancel()
    client.off('data', onData).off('end', onEnd).off('close', onEnd)
    client.pause()
    resolve(said)
  }
  const onEnd = (): void => done('none')
  const onData = (bytes: Buffer): void => {
    const said = reader.take(bytes)
    if (said !== 'more') done(said)
  }
  const timer = clock.after(HELLO_MS, onEnd)
  client.on('data', onData).once('end', onEnd).once('close', onEnd)
  client.resume()
  return promise
}
