/** A link as a Node stream, for TLS on it and nothing else. Back-pressure goes through both ways. */
import { Duplex } from 'node:stream'
import { giveBack } from '../../lib/slab.ts'
import type { Link } from './link.ts'

/** The stream owns the link: its end closes it, its destruction resets it. */
export function linkDuplex(link: Link): Duplex {
  let drained: (() => void) | undefined
  const duplex = new Duplex({
    allowHalfOpen: false,
    read: () => link.resume(),
    write(bytes: Buffer, _encoding, done) {
      if (link.send(bytes)) done()
      else drained = done
    },
    writev(chunks, done) {
      if (link.send(...chunks.map(({ chunk }) => chunk as Buffer))) done()
      else drained = done
    },
    final(done) {
      link.close()
      done()
    },
    destroy(error, done) {
      if (error !== null) link.reset(error)
      else link.close()
      done(error)
    },
  })
  link.bind({
    onData(bytes) {
      if (!duplex.push(bytes)) link.pause()
      // TLS copies what it gets at once.
      if (duplex.readableLength === 0) giveBack(bytes)
    },
    onDrain() {
      const done = drained
      drained = undefined
      done?.()
    },
    onClose(reason) {
      if (reason === undefined) duplex.push(null)
      else duplex.destroy(reason)
    },
  })
  return duplex
}
