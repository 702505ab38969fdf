/** Who answers: the contract between the agent, which knows the routes, and what reads connections (`http/`). */
import type { FilterRequest } from '../lib/filter/request.ts'
import type { Stream } from '../wire/session/contract.ts'

/** Where a request or a whole connection goes. */
export type Choice = { to: 'app' } | Laptop

export interface Laptop {
  to: 'laptop'
  /** Uid of the Intercept: requests with the same key may share a stream. */
  key: string
  /**
   * Opens a stream to the laptop's program.
   * @param data first bytes, which travel with the opening
   * @param from the client's address
   * Rejects with a `StreamRefused` when nothing listens there, with another error when the laptop is lost.
   */
  open(data: Buffer, from: string, signal: AbortSignal): Promise<Stream>
  /** @returns ends the watch */
  watch(watcher: LaptopWatcher): () => void
}

/** What who keeps a stream to a laptop has to know. */
export interface LaptopWatcher {
  /** It has been away for a while: nothing whole should wait for it any more. */
  onAway(): void
  /** It answers this attachment no more: no other request may go there, those under way are finished. */
  onLeave(): void
}

export interface Routing {
  /** False: nobody wants anything of this port; connections go to the app unread. */
  wanted(port: number): boolean
  /** For one HTTP request. The kubelet's probes go to the app. */
  decide(port: number, request: FilterRequest): Choice
  /** For a connection that is not HTTP/1. */
  decideRaw(port: number): Choice
  /** How many requests went where, for status. */
  readonly counts: { app: number; laptop: number; refused: number }
}
