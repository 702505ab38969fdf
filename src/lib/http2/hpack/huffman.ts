/** Huffman codes of HPACK strings (RFC 7541 §5.2), four bits at a time by a state machine: linear, without branches on single bits. */
import { HUFFMAN_LENGTHS } from './huffman-lengths.ts'

const EOS = 256
/** An inner node of the code's tree is a state; 256 leaves and EOS make 256 of them. */
const STATES = 256
const EMITS = 1 << 16
const FAILS = 1 << 17

/** For a state and four bits: the next state, bits 8 to 15 the octet that is complete when `EMITS` is set. */
const STEPS = new Uint32Array(STATES * 16)
/** 1 where a string may end: what is left is at most seven bits, all of them 1 (RFC 7541 §5.2). */
const ENDS = new Uint8Array(STATES)

/** Of a node its two children: inner nodes as they are, leaves as -1 - octet. */
function tree(): [number, number][] {
  const nodes: [number, number][] = [[0, 0]]
  const order = HUFFMAN_LENGTHS.map((_, octet) => octet)
  order.sort((left, right) => lengthOf(left) - lengthOf(right) || left - right)
  let code = 0
  let length = lengthOf(order[0] as number)
  for (const octet of order) {
    code *= 2 ** (lengthOf(octet) - length)
    length = lengthOf(octet)
    let at = 0
    for (let bit = length - 1; bit > 0; bit--) at = inner(nodes, at, (code >>> bit) & 1)
    ;(nodes[at] as [number, number])[code & 1] = -1 - octet
    code++
  }
  return nodes
}

function lengthOf(octet: number): number {
  return HUFFMAN_LENGTHS[octet] as number
}

function inner(nodes: [number, number][], at: number, bit: number): number {
  const node = nodes[at] as [number, number]
  if (node[bit] === 0) node[bit] = nodes.push([0, 0]) - 1
  return node[bit] as number
}

function fill(nodes: [number, number][]): void {
  for (let state = 0; state < STATES; state++) {
    for (let bits = 0; bits < 16; bits++) STEPS[state * 16 + bits] = step(nodes, state, bits)
  }
  for (let depth = 0, at = 0; depth < 8; depth++) {
    ENDS[at] = 1
    at = (nodes[at] as [number, number])[1]
  }
}

/** No code is shorter than five bits, so four complete one octet at most. */
function step(nodes: [number, number][], state: number, bits: number): number {
  let at = state
  let emitted = 0
  for (let bit = 3; bit >= 0; bit--) {
    const next = (nodes[at] as [number, number])[((bits >>> bit) & 1) as 0 | 1]
    if (next === -1 - EOS) return FAILS
    if (next < 0) emitted = EMITS | ((-1 - next) << 8)
    at = Math.max(next, 0)
  }
  return emitted | at
}

fill(tree())

/** What a string of so many octets may become: no code is shorter than five bits. */
export function decodedAtMost(octets: number): number {
  return Math.floor((octets * 8) / 5)
}

/**
 * @param target has room for `decodedAtMost(to - from)`
 * @returns octets written, or -1 when it holds EOS or ends wrongly
 */
export function decodeHuffman(source: Uint8Array, from: number, to: number, target: Uint8Array): number {
  let state = 0
  let length = 0
  for (let at = from; at < to; at++) {
    const octet = source[at] as number
    const first = STEPS[(state << 4) | (octet >>> 4)] as number
    if (first >= EMITS) {
      if (first >= FAILS) return -1
      target[length++] = first >>> 8
    }
    const second = STEPS[((first & 255) << 4) | (octet & 15)] as number
    if (second >= EMITS) {
      if (second >= FAILS) return -1
      target[length++] = second >>> 8
    }
    state = second & 255
  }
  return ENDS[state] === 1 ? length : -1
}
