/** A client's connection that speaks HTTP/2, from its preface on. */
import type { Socket } from 'node:net'
import { PREFACE } from '../../lib/http2/preface.ts'
import { Http2Connection } from './connection.ts'
import type { Http2Options, Upgraded } from './http2-options.ts'

/**
 * Takes a client whose preface has been read whole.
 * @param first octets that were read already, from the preface on. The socket is paused; it may be one of TLS.
 */
export function acceptHttp2(client: Socket, first: Buffer, options: Omit<Http2Options, 'client'>): void {
  new Http2Connection({ ...options, client }).start(first.subarray(PREFACE.length))
}

/** Takes a client of HTTP/1.1 whose app went over to HTTP/2, as it had offered (RFC 7540 §3.2). The socket is paused, and nobody else listens to it. */
export function goOverToHttp2(client: Socket, upgraded: Upgraded, options: Omit<Http2Options, 'client'>): void {
  new Http2Connection({ ...options, client }).startUpgraded(upgraded)
}
