/** Offers of HTTP/1.1 clients to go over to HTTP/2, which the app may take (RFC 7540 §3.2). */
import { BadMessage } from '../../lib/http1/bad-message.ts'
import { h2cOffer } from '../../lib/http1/h2c-offer.ts'
import type { RequestHead } from '../../lib/http1/head.ts'
import { requestFromHttp1 } from '../../lib/http2/bridge/request-from-http1.ts'
import { encodeBlock } from '../../lib/http2/hpack/encode.ts'
import { Http2Error } from '../../lib/http2/http2-error.ts'
import { Settings, settingsPayload } from '../../lib/http2/settings.ts'
import { clientSettings } from './connection-frames.ts'
import { NEAR } from './upstream-hop.ts'

export interface UpgradeOffer {
  /** The head with it as the app gets it: with the agent's own settings, since it is the agent that the app will speak HTTP/2 with. */
  readonly head: Buffer
  /** The client's settings. */
  readonly settings: Buffer
  /** The request as a block of HTTP/2. */
  readonly request: Buffer
}

const OWN = settingsPayload(clientSettings(NEAR.stream))
const TARGET = { scheme: 'http', authority: '', extendedConnect: false } as const

/**
 * @param bytes of the head, as it was read
 * @returns undefined when there is none that can be passed on
 */
export function upgradeOffer(head: RequestHead, bytes: Buffer): UpgradeOffer | undefined {
  const offer = h2cOffer(head, bytes, OWN)
  if (offer === undefined) return undefined
  try {
    new Settings().take(offer.settings, false)
    return { ...offer, request: encodeBlock(requestFromHttp1(head, TARGET).fields) }
  } catch (error) {
    if (error instanceof Http2Error || error instanceof BadMessage) return undefined
    throw error
  }
}
