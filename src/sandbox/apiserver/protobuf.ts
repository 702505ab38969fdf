/** Bodies in Kubernetes' protobuf encoding, which kubectl prefers for what it makes itself (`create`, `auth can-i`): read only. */
import { type Field, fieldsOf } from './builtin-fields.ts'
import { badRequest, StatusError } from './status.ts'

type Fields = Record<string, unknown>

const MAGIC = Buffer.from('k8s\0')

/** Throws 400, or 415 for a kind whose encoding is not known here. */
export function decodeProtobuf(bytes: Buffer): Fields {
  if (!bytes.subarray(0, 4).equals(MAGIC)) throw badRequest('the body is not in the protobuf encoding of Kubernetes')
  try {
    return decodeEnvelope(bytes.subarray(4))
  } catch (error) {
    if (error instanceof RangeError) throw badRequest('the protobuf of the body is broken')
    throw error
  }
}

/** `runtime.Unknown`: the type, and the object's own message. */
function decodeEnvelope(bytes: Buffer): Fields {
  let apiVersion = ''
  let kind = ''
  let raw: Buffer = Buffer.alloc(0)
  for (const { number, value } of partsOf(bytes)) {
    if (!Buffer.isBuffer(value)) continue
    if (number === 2) raw = value
    else if (number === 1) {
      for (const part of partsOf(value)) {
        if (part.number === 1) apiVersion = String(part.value)
        else if (part.number === 2) kind = String(part.value)
      }
    }
  }
  const fields = fieldsOf(kind)
  if (fields === undefined)
    throw new StatusError(415, 'UnsupportedMediaType', `the sandbox takes objects of kind ${kind} as JSON only`)
  return { apiVersion, kind, metadata: {}, ...decodeMessage(raw, fields) }
}

function decodeMessage(bytes: Buffer, fields: Field[]): Fields {
  const result: Fields = {}
  for (const { number, value } of partsOf(bytes)) {
    const field = fields.find((one) => one.number === number)
    if (field === undefined) continue
    const { name, type, shape, keepsEmpty } = field
    if (name === undefined) Object.assign(result, decodeValue(value, type))
    else if (shape === 'map') {
      const [key, entry] = decodeEntry(value, type)
      result[name] = { ...(result[name] as Fields), [key]: entry }
    } else {
      const decoded = decodeValue(value, type)
      if (shape === 'list') result[name] = [...((result[name] as unknown[]) ?? []), decoded]
      else if (keepsEmpty || !isEmpty(decoded)) result[name] = decoded
    }
  }
  return result
}

/** A map is a list of messages of a key and a value. */
function decodeEntry(value: Buffer | bigint, type: string): [string, unknown] {
  let key = ''
  let entry: unknown = type === 'string' ? '' : undefined
  for (const part of partsOf(bytesOf(value))) {
    if (part.number === 1) key = String(part.value)
    else if (part.number === 2) entry = decodeValue(part.value, type)
  }
  return [key, entry]
}

function decodeValue(value: Buffer | bigint, type: string): unknown {
  switch (type) {
    case 'string':
      return bytesOf(value).toString()
    case 'bytes':
      return bytesOf(value).toString('base64')
    case 'bool':
      return value !== 0n
    case 'int':
      return Number(BigInt.asIntN(64, numberOf(value)))
    case 'time':
      return decodeTime(bytesOf(value))
    case 'quantity':
      return partsOf(bytesOf(value)).map((part) => String(part.value))[0] ?? '0'
    case 'list':
      return partsOf(bytesOf(value)).map((part) => String(part.value))
    case 'intOrString':
      return decodeIntOrString(bytesOf(value))
    default:
      return decodeMessage(bytesOf(value), fieldsOf(type) ?? [])
  }
}

function decodeTime(bytes: Buffer): string | undefined {
  const seconds = partsOf(bytes).find(({ number }) => number === 1)?.value
  if (seconds === undefined) return undefined
  const milliseconds = Number(BigInt.asIntN(64, numberOf(seconds))) * 1000
  if (Math.abs(milliseconds) > 8.64e15) throw badRequest('a time of the body is out of range')
  return new Date(milliseconds).toISOString().replace(/\.\d+/, '')
}

function decodeIntOrString(bytes: Buffer): number | string {
  const parts = new Map(partsOf(bytes).map(({ number, value }) => [number, value]))
  if (parts.get(1) === 1n) return String(parts.get(3) ?? '')
  return Number(BigInt.asIntN(32, numberOf(parts.get(2) ?? 0n)))
}

/** The fields of a message as they stand (protobuf encoding, wire types 0, 1, 2 and 5). Throws RangeError when it is cut off. */
function partsOf(bytes: Buffer): { number: number; value: Buffer | bigint }[] {
  const parts: { number: number; value: Buffer | bigint }[] = []
  let at = 0
  const varint = (): bigint => {
    let result = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes.readUInt8(at++)
      result |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return result
    }
    throw new RangeError('a number without an end')
  }
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw new RangeError('a field is longer than its message')
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const wire = tag & 7
    if (wire === 0) parts.push({ number: tag >>> 3, value: varint() })
    else if (wire === 2) parts.push({ number: tag >>> 3, value: take(Number(varint())) })
    else if (wire === 1) take(8)
    else if (wire === 5) take(4)
    else throw new RangeError(`wire type ${wire}`)
  }
  return parts
}

function bytesOf(value: Buffer | bigint): Buffer {
  if (!Buffer.isBuffer(value)) throw new RangeError('a number stands where bytes belong')
  return value
}

function numberOf(value: Buffer | bigint): bigint {
  if (Buffer.isBuffer(value)) throw new RangeError('bytes stand where a number belongs')
  return value
}

/** What JSON would leave out. A map or list with nothing in it is never sent. */
function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === undefined || value === '' || value === 0 || value === false
}
