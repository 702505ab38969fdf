/** Header fields as HPACK carries them: the contract between what reads blocks and what writes them. */

/** One field. Of an entry of a table there is one object for as long as the entry lives, so what is found out of it is found out once. */
export interface Field {
  /** As sent; RFC 9113 §8.2.1 wants it in lower case, and who reads the block checks that. */
  readonly name: string
  /** As sent, octets as Latin-1. */
  readonly value: string
  /** Name and value as octets: what RFC 7541 §4.1 counts, without its 32. */
  readonly bytes: number
  /** A representation that needs no dynamic table and adds nothing to one (RFC 7541 §6.1 static, §6.2.2, §6.2.3). */
  readonly encoded: Buffer
  /** It must never be put into a table (RFC 7541 §7.1.3). */
  readonly neverIndexed: boolean
}

/** One block, decoded. */
export interface FieldBlock {
  readonly fields: readonly Field[]
  /** The block as it came, when it needs no dynamic table of this connection: it may be sent on as it is to a decoder whose table has no room. A copy: the buffer that
   * was read may be used again. */
  readonly verbatim: Buffer | undefined
  /** `verbatim`, or else `fields` encoded, once however often the block comes. */
  readonly encoded: Buffer
  /** The list is larger than the decoder's limit (RFC 9113 §10.5.1), or has too many fields: `fields` has its beginning only; the table is right all the same. */
  readonly tooLarge: boolean
}

/** Reads the blocks of one direction of one connection, in their order. */
export interface FieldDecoder {
  /** Throws `Http2Error` COMPRESSION_ERROR; the connection is lost then. */
  decode(block: Buffer): FieldBlock
}
