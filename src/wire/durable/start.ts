/** The first words on a link: which session it is for, and from which byte on each end goes on. */
import { type Clock, systemClock } from '../../lib/clock.ts'
import { RECORD, readU64, u64 } from './record.ts'
import type { RecordLink } from './record-link.ts'

const ID_BYTES = 16
const START_BYTES = ID_BYTES + 4 + 8 + 1 + 4
/** The client has never heard that the far end knows the session. */
const FRESH = 1

export interface Start {
  id: Buffer
  /** Grows with each link that the client tries for the session. */
  attempt: number
  /** Offset of the next byte that the client wants. */
  received: number
  fresh: boolean
  /** How long both ends wait for the next link. */
  graceMs: number
}

export function sendStart(link: RecordLink, { id, attempt, received, fresh, graceMs }: Start): void {
  const rest = Buffer.alloc(START_BYTES - ID_BYTES)
  rest.writeUInt32BE(attempt)
  rest.writeBigUInt64BE(BigInt(received), 4)
  rest.writeUInt8(fresh ? FRESH : 0, 12)
  rest.writeUInt32BE(graceMs, 13)
  link.send(RECORD.START, id, rest)
}

/** Undefined for what is none. */
export function readStart(payload: Buffer): Start | undefined {
  const received = readU64(payload, ID_BYTES + 4)
  if (payload.length < START_BYTES || Number.isNaN(received)) return undefined
  return {
    id: payload.subarray(0, ID_BYTES),
    attempt: payload.readUInt32BE(ID_BYTES),
    received,
    fresh: (payload.readUInt8(ID_BYTES + 12) & FRESH) !== 0,
    graceMs: payload.readUInt32BE(ID_BYTES + 13),
  }
}

/** Why a link was not taken; small numbers on the wire, never reused. */
export const REFUSAL = {
  /** The far end does not know the session, any more or yet. */
  unknown: 1,
  /** A later attempt was there before. */
  stale: 2,
  /** A bound was reached. */
  limit: 3,
} as const
export type Refusal = keyof typeof REFUSAL

const REFUSED_BECAUSE: Record<Refusal, string> = {
  unknown: 'the far end does not know this session any more',
  stale: 'a later link was there before',
  limit: 'the far end has too many sessions',
}

export function sendRefusal(link: RecordLink, refusal: Refusal): void {
  link.send(RECORD.REFUSE, Buffer.of(REFUSAL[refusal]), Buffer.from(REFUSED_BECAUSE[refusal]))
  link.close()
}

/** A link that was not taken. */
export class LinkRefused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(REFUSED_BECAUSE[refusal])
    this.refusal = refusal
  }
}

/** What a REFUSE says. */
export function readRefusal(payload: Buffer): LinkRefused {
  const name = (Object.keys(REFUSAL) as Refusal[]).find((one) => REFUSAL[one] === payload[0])
  return new LinkRefused(name ?? 'limit')
}

/** The far end's answer to a START. @returns the offset of the next byte that it wants @throws LinkRefused */
export function readAnswer(type: number, payload: Buffer): number {
  if (type === RECORD.REFUSE) throw readRefusal(payload)
  const theirs = readU64(payload)
  if (type !== RECORD.ACCEPT || Number.isNaN(theirs)) throw new Error('the far end did not answer as it should')
  return theirs
}

/**
 * The first record of a link. Rejects, and drops the link, when it ends before, when the limit or the signal comes first;
 * nobody listens to the link afterwards.
 */
export async function firstRecord(
  link: RecordLink,
  { limitMs, signal, clock = systemClock }: { limitMs: number; signal?: AbortSignal; clock?: Clock },
): Promise<{ type: number; payload: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ type: number; payload: Buffer }>()
  const late = clock.after(limitMs, () => reject(new Error(`${link.name}: no answer within ${limitMs} ms`)))
  const give = (): void => reject(signal?.reason as Error)
  if (signal?.aborted) give()
  signal?.addEventListener('abort', give, { once: true })
  link.listen({
    onHeard() {},
    onDrain() {},
    onRecord(type, payload) {
      link.hold()
      resolve({ type, payload })
    },
    onData: () => reject(new Error(`${link.name}: data before the first words`)),
    onClose: (reason) => reject(reason ?? new Error(`${link.name} was closed before its first words`)),
  })
  try {
    return await promise
  } catch (error) {
    link.drop(error as Error)
    throw error
  } finally {
    late.cancel()
    signal?.removeEventListener('abort', give)
  }
}

/** Takes a link into use: the client may go on from `received`. */
export function accept(link: RecordLink, received: number): void {
  link.send(RECORD.ACCEPT, u64(received))
}
