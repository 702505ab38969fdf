/**
 * The load, in a process of its own on the laptop: `node load.ts HOST PORT WHAT FLOWS MS` prints one JSON document.
 * `up` and `down` move bytes for MS and say what arrived when, for each flow; `answer` how long FLOWS new connections took until their first byte came
 * back, one after the other; `refused` until they failed; `small` how long single small requests took, while FLOWS transfers (`small-up`, `small-down`: which way) run.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type Arrivals, arrivals } from './arrivals.ts'

const [host = '', port = '', what = '', amount = '', time = ''] = process.argv.slice(2)
const flows = Number(amount)
const forMs = Number(time)
const CHUNK = Buffer.alloc(64 * 1024, 120)
const SMALL = Buffer.alloc(64, 101)
/** What a bulk transfer gets before small requests are counted. */
const FILL_MS = 2000
const PAUSE_MS = 10

async function open(): Promise<Socket> {
  const socket = connect({ host, port: Number(port), noDelay: true, allowHalfOpen: true })
  await once(socket, 'connect')
  return socket
}

/** Sends until the far end has said what arrived. */
async function up(): Promise<Arrivals> {
  const socket = await open()
  let text = ''
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString()
  })
  const fill = (): void => {
    while (!text.endsWith('\n')) if (!socket.write(CHUNK)) return
    socket.end()
  }
  socket.on('drain', fill)
  socket.write(`up ${forMs}\n`)
  fill()
  await once(socket, 'close')
  return JSON.parse(text)
}

async function down(): Promise<Arrivals> {
  const socket = await open()
  const { seen, count } = arrivals()
  socket.on('data', (bytes: Buffer) => count(bytes.length))
  socket.on('end', () => socket.end())
  socket.write(`down ${forMs}\n`)
  // What many flows have in the buffers on their way takes long to come. One is waited for: kubectl's port-forward does not survive a reset.
  const over = flows > 1 ? setTimeout(() => socket.destroy(), forMs) : undefined
  await once(socket, 'close')
  clearTimeout(over)
  return seen
}

/** Milliseconds until a new connection's first byte, or its failure, comes. */
async function answer(refused: boolean): Promise<number> {
  const startedAt = performance.now()
  const socket = connect({ host, port: Number(port), noDelay: true, allowHalfOpen: true })
  socket.write('echo\nx')
  const how = await new Promise((resolve) => {
    socket.once('data', () => resolve('answered'))
    socket.once('error', () => resolve('failed'))
    socket.once('end', () => resolve('ended'))
  })
  const took = performance.now() - startedAt
  // kubectl's port-forward does not survive a reset.
  socket.end()
  if ((how === 'failed') !== refused) throw new Error(`the connection ${how}`)
  return took
}

async function answers(refused: boolean): Promise<number[]> {
  const all: number[] = []
  for (let count = 0; count < flows; count++) all.push(await answer(refused))
  return all
}

async function small(): Promise<number[]> {
  const move = what === 'small-up' ? up : down
  const bulk = Array.from({ length: what === 'small' ? 0 : flows }, move)
  const socket = await open()
  socket.write('echo\n')
  const ask = async (): Promise<number> => {
    const startedAt = performance.now()
    socket.write(SMALL)
    for (let left = SMALL.length; left > 0; ) left -= ((await once(socket, 'data'))[0] as Buffer).length
    return performance.now() - startedAt
  }
  await ask()
  if (bulk.length > 0) await delay(FILL_MS)
  const all: number[] = []
  const endsAt = performance.now() + forMs - (bulk.length > 0 ? FILL_MS : 0) - 500
  while (performance.now() < endsAt) {
    all.push(await ask())
    await delay(PAUSE_MS)
  }
  socket.end()
  await Promise.all(bulk)
  return all
}

const measured = what.startsWith('small')
  ? await small()
  : what === 'answer' || what === 'refused'
    ? await answers(what === 'refused')
    : await Promise.all(Array.from({ length: flows }, what === 'up' ? up : down))
process.stdout.write(`${JSON.stringify(measured)}\n`)
process.exit(0)
