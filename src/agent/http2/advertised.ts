/** What a client was told of how many streams it may open, and of extended CONNECT: the least of what the targets take. Streams beyond that wait. */
import { SETTING } from '../../lib/http2/settings.ts'
import type { Hop } from './hop.ts'
import type { UpstreamHop } from './upstream-hop.ts'

export class Advertised {
  readonly #client: Hop
  readonly #most: number
  #streams: number
  #connectProtocol = false

  /** @param maxStreams it was told at first */
  constructor(client: Hop, maxStreams: number) {
    this.#client = client
    this.#most = maxStreams
    this.#streams = maxStreams
  }

  /** Targets came, went, or said something new. */
  update(hops: Iterable<UpstreamHop>): void {
    let streams = this.#most
    let connectProtocol = this.#connectProtocol
    for (const { hop } of hops) {
      streams = Math.min(streams, Math.max(1, hop.peer.maxConcurrentStreams))
      connectProtocol ||= hop.peer.connectProtocol
    }
    if (streams !== this.#streams) this.#client.say([SETTING.MAX_CONCURRENT_STREAMS, streams])
    if (connectProtocol !== this.#connectProtocol) this.#client.say([SETTING.ENABLE_CONNECT_PROTOCOL, 1])
    this.#streams = streams
    this.#connectProtocol = connectProtocol
  }
}
