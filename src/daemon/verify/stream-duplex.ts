/** A stream of a session as a Node stream, for Node's HTTP client and TLS on it. Back-pressure goes through both ways. */
import { Duplex } from 'node:stream'
import type { Stream } from '../../wire/session/contract.ts'

/** The duplex owns the stream: its destruction resets it. */
export function streamDuplex(stream: Stream): Duplex {
  let drained: (() => void) | undefined
  const duplex = new Duplex({
    allowHalfOpen: true,
    read: () => stream.resume(),
    write(bytes: Buffer, _encoding, done) {
      if (stream.send(bytes)) done()
      else drained = done
    },
    final(done) {
      stream.end()
      done()
    },
    destroy(error, done) {
      stream.reset('cancel')
      done(error)
    },
  })
  stream.bind({
    onData(bytes) {
      // The bytes are the stream's again when this returns.
      if (!duplex.push(Buffer.from(bytes))) stream.pause()
    },
    onEnd: () => void duplex.push(null),
    onDrain() {
      const done = drained
      drained = undefined
      done?.()
    },
    onClose(reason) {
      if (reason !== undefined) duplex.destroy(new Error(`the connection was lost: ${reason.message || reason.code}`))
    },
  })
  return duplex
}
