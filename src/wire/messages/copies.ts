/**
 * Records of a `copies` stream. Agent → daemon: u8 kind, u32 number of the copy, u32 length, payload. Daemon → agent: u32 each time, how
 * many copies it is done with; the agent has at most `COPIES_UNDER_WAY` begun or sent that the daemon is not done with.
 */

/** Copies that one agent may have under way at a laptop, for one wiretap. */
export const COPIES_UNDER_WAY = 64
/** A request or an answer that is larger is not copied. */
export const MAX_COPY_BYTES = 1024 * 1024

export const COPY_HEADER_BYTES = 9
/** Before the bytes of a request: u16 container port, u8 flags. */
export const COPY_REQUEST_BYTES = 3
/** Of a request. */
export const COPY_FLAG = {
  /** The app's answer follows in a record of its own. */
  answered: 1,
  /** It came in TLS. */
  secure: 2,
} as const
export const COPY_DONE_BYTES = 4

export const COPY = {
  /** A whole request. */
  request: 1,
  /** The app's whole answer to a request that was sent. */
  answer: 2,
  /** There will be none; the payload says why. */
  noAnswer: 3,
} as const

/** Why there is no answer to compare with: it was too large, broke off, or found no memory. */
export type NoAnswer = 'large' | 'broken' | 'slow'

/** Writes the header of a record into its first bytes. */
export function writeCopyHeader(into: Buffer, kind: (typeof COPY)[keyof typeof COPY], id: number, bytes: number): void {
  into[0] = kind
  into.writeUInt32BE(id, 1)
  into.writeUInt32BE(bytes, 5)
}
