/**
 * Reads header blocks (RFC 7541). What is found out of a field is found once for as long as its entry lives; nothing that is handed out refers to the
 * buffer that the block was read into. What a connection's table keeps is bounded by `tableBytes`, what a block gives by `listBytes`.
 */
import { BlockReader, wrong } from './block-reader.ts'
import { DecodedBlock } from './decoded-block.ts'
import { DynamicTable, ENTRY_BYTES } from './dynamic-table.ts'
import { STATIC_FIELDS } from './encode.ts'
import type { FieldBlock, FieldDecoder } from './field.ts'
import type { HeaderField } from './header-field.ts'
import type { HeaderName } from './header-name.ts'
import { type Literal, literalField } from './literal.ts'
import { nameLiteral, readName, readValue } from './read-literal.ts'
import { OWN_BYTES, RecentFields } from './recent-fields.ts'
import { TableMemory } from './table-memory.ts'

export interface DecoderOptions {
  /** SETTINGS_HEADER_TABLE_SIZE as we sent it. */
  tableBytes?: number
  /** SETTINGS_MAX_HEADER_LIST_SIZE as we sent it: names, values and 32 for each field (RFC 9113 §6.5.2). */
  listBytes?: number
}

/** Before a peer says so, a table has this size (RFC 9113 §6.5.2). */
const FIRST_TABLE_BYTES = 4096
/** The smallest size in between and the last one (RFC 7541 §4.2). */
const MAX_SIZE_UPDATES = 2
/** Real messages have some dozens; of small fields each takes ten times the 32 that a list counts for it. */
const MAX_FIELDS = 512
/** Blocks up to this are compared with the last one. */
const MAX_SAME_BYTES = 256

export class HpackDecoder implements FieldDecoder {
  readonly #tableBytes: number
  readonly #listBytes: number
  readonly #table: DynamicTable
  readonly #memory = new TableMemory()
  readonly #inTable = (bytes: number): Buffer =>
    bytes <= OWN_BYTES ? Buffer.allocUnsafeSlow(bytes) : this.#memory.allocate(bytes)
  readonly #recent = new RecentFields()
  readonly #reader = new BlockReader()
  #fields: HeaderField[] = []
  /** What the list may still count; negative when it was too large. */
  #left = 0
  /** The last block that was nothing but indexes, while the table is as it was then: clients say the same again and again. */
  #last: { octets: Buffer; block: FieldBlock } | undefined

  constructor({ tableBytes = 4096, listBytes = 65_536 }: DecoderOptions = {}) {
    this.#tableBytes = tableBytes
    this.#listBytes = listBytes
    this.#table = new DynamicTable(Math.min(tableBytes, FIRST_TABLE_BYTES))
  }

  /** Octets of the table, as RFC 7541 §4.1 counts them. */
  get tableBytes(): number {
    return this.#table.bytes
  }

  decode(block: Buffer): FieldBlock {
    const last = this.#last
    if (last !== undefined && isSame(last.octets, block)) return last.block
    const reader = this.#reader
    reader.open(block)
    this.#fields = []
    this.#left = this.#listBytes
    try {
      return this.#decode(block)
    } finally {
      reader.close()
      this.#fields = []
    }
  }

  #decode(block: Buffer): FieldBlock {
    const reader = this.#reader
    let own = !this.#resize(block)
    let indexed = own
    while (!reader.ended) {
      const first = block[reader.at] as number
      if (first >= 0x80) {
        const index = reader.integer(0x7f)
        if (index > STATIC_FIELDS.length) own = false
        this.#collect(this.#entry(index))
        continue
      }
      indexed = false
      if (first >= 0x40) {
        if (this.#literal(0x3f, true, false)) own = false
      } else if (first >= 0x20) throw wrong('a table size update stands behind a field')
      else if (this.#literal(0x0f, false, first >= 0x10)) own = false
    }
    const tooLarge = this.#left < 0
    const copy = (own && !tooLarge) || (indexed && block.length <= MAX_SAME_BYTES) ? Buffer.from(block) : undefined
    const decoded = new DecodedBlock(this.#fields, own && !tooLarge ? copy : undefined, tooLarge)
    if (indexed && copy !== undefined) this.#last = { octets: copy, block: decoded }
    return decoded
  }

  /** Reads the size updates at the beginning. @returns whether there were any */
  #resize(block: Buffer): boolean {
    const reader = this.#reader
    let updates = 0
    while (!reader.ended && ((block[reader.at] as number) & 0xe0) === 0x20) {
      if (++updates > MAX_SIZE_UPDATES) throw wrong('there are more than two table size updates')
      const bytes = reader.integer(0x1f)
      if (bytes > this.#tableBytes) throw wrong('a table size update is above the limit')
      this.#table.resize(bytes)
      this.#last = undefined
    }
    return updates > 0
  }

  /** @returns whether its name is in the dynamic table */
  #literal(mask: number, indexing: boolean, neverIndexed: boolean): boolean {
    const reader = this.#reader
    const index = reader.integer(mask)
    const entry = index === 0 ? undefined : this.#entry(index)
    let name: Literal | undefined
    let header: HeaderName
    if (entry === undefined) {
      reader.string()
      header = readName(reader)
      name = nameLiteral(reader, header.text)
    } else {
      header = entry.header
      const { octets, nameTo } = entry.representation
      if (nameTo > 0) name = { octets, from: 1, to: nameTo }
    }
    reader.string()
    const known = this.#recent.find(header, reader, neverIndexed)
    if (known === undefined) this.#newField(header, name, indexing, neverIndexed)
    else {
      if (indexing) this.#index(known)
      this.#collect(known)
    }
    if (indexing) this.#last = undefined
    return index > STATIC_FIELDS.length
  }

  /** The value is the string that was read last. */
  #newField(header: HeaderName, name: Literal | undefined, indexing: boolean, neverIndexed: boolean): void {
    const value = readValue(this.#reader)
    const bytes = header.text.length + value.bytes
    const stays = indexing && this.#table.holds(bytes)
    if (!stays && (this.#left < bytes + ENTRY_BYTES || this.#fields.length >= MAX_FIELDS)) {
      this.#left = -1
      if (indexing) this.#table.clear()
      return
    }
    const field = literalField(header, name, value, neverIndexed, stays ? this.#inTable : allocate)
    this.#recent.keep(field)
    if (indexing) this.#index(field)
    this.#collect(field)
  }

  #index(field: HeaderField): void {
    if (this.#table.holds(field.bytes)) this.#table.add(field)
    else this.#table.clear()
  }

  /** An entry of either table (RFC 7541 §2.3.3). */
  #entry(index: number): HeaderField {
    const field =
      index <= STATIC_FIELDS.length ? STATIC_FIELDS[index - 1] : this.#table.get(index - STATIC_FIELDS.length - 1)
    if (field === undefined) throw wrong('an index is in no table')
    return field
  }

  #collect(field: HeaderField): void {
    if (this.#left < 0) return
    this.#left = this.#fields.length === MAX_FIELDS ? -1 : this.#left - field.bytes - ENTRY_BYTES
    if (this.#left >= 0) this.#fields.push(field)
  }
}

function allocate(bytes: number): Buffer {
  return bytes <= OWN_BYTES ? Buffer.allocUnsafeSlow(bytes) : Buffer.allocUnsafe(bytes)
}

function isSame(left: Buffer, right: Buffer): boolean {
  if (left.length !== right.length) return false
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false
  return true
}
