/** A client's connection that speaks HTTP/2, from its preface on. */
import { PREFACE } from '../../lib/http2/preface.ts'
import type { ConnectionOptions } from '../http/connection-options.ts'
import { Http2Connection } from './connection.ts'
import type { Upgraded } from './upgraded.ts'

/**
 * Takes a client whose preface has been read whole.
 * @param first octets that were read already, from the preface on. The socket is paused; it may be one of TLS.
 */
export function acceptHttp2(first: Buffer, options: ConnectionOptions): void {
  new Http2Connection(options).start(first.subarray(PREFACE.length))
}

/** Takes a client of HTTP/1.1 whose app went over to HTTP/2, as it had offered (RFC 7540 §3.2). The socket is paused, and nobody else listens to it. */
export function goOverToHttp2(upgraded: Upgraded, options: ConnectionOptions): void {
  new Http2Connection(options).startUpgraded(upgraded)
}
