/**
 * Checked traffic, run by Node in a pod or behind `remocal` (`traffic.ts` starts it and reads what it prints).
 *
 * ROLE=server PORT=n     each connection begins with a byte that says what it is: 1 gives every byte back; 2 checks what
 *                        comes, and answers its end with what it saw. The head comes back first, with MARK for its first byte.
 *                        SIGUSR2: it reads no more of the second kind, or reads on.
 * ROLE=client HOST PORT  connects until it has the server of MARK, says each time that it has not, and keeps CONNECTIONS of KIND echo or sink, each with bytes of its own that are checked as they come back.
 *                        EVERY_MS and CHUNK_BYTES pace it; WINDOW_BYTES are under way at most. SIGTERM: all ends are made and waited for.
 */
import net from 'node:net'

const ECHO = 1
const SINK = 2
const HEAD_BYTES = 5
/** A prime, so that a piece that is missing or doubled shows. */
const PERIOD = 65521
const STALLED_MS = 300
const AGAIN_MS = 200
const { env } = process
/** Which server it is, or should be. */
const MARK = Number(env.MARK ?? 0)
const say = (...words) => process.stdout.write(`${words.join(' ')}\n`)

/** What one connection carries: byte n is that of the block at n modulo its length. */
class Pattern {
  #block = Buffer.alloc(PERIOD * 4)
  constructor(id) {
    let state = (id * 2654435761 + 1) >>> 0
    for (let at = 0; at < PERIOD; at++) {
      state ^= (state << 13) >>> 0
      state = (state ^ (state >>> 17)) >>> 0
      state = (state ^ ((state << 5) >>> 0)) >>> 0
      this.#block[at] = state
    }
    for (let at = PERIOD; at < this.#block.length; at += PERIOD) this.#block.copy(this.#block, at, 0, PERIOD)
  }
  /** At most three periods. */
  slice(offset, bytes) {
    const from = offset % PERIOD
    return this.#block.subarray(from, from + bytes)
  }
  /** How many bytes are not what they should be. */
  wrong(offset, bytes) {
    let wrong = 0
    for (let at = 0; at < bytes.length; at += PERIOD) {
      const part = bytes.subarray(at, at + PERIOD)
      const right = this.slice(offset + at, part.length)
      if (!part.equals(right)) for (let n = 0; n < part.length; n++) if (part[n] !== right[n]) wrong++
    }
    return wrong
  }
}

const sinks = new Set()
let paused = false

function serve(socket) {
  let failure = 'end'
  socket.on('error', (error) => {
    failure = error.code
  })
  socket.on('close', () => {
    sinks.delete(socket)
    say('ENDED', failure, Date.now())
  })
  socket.setNoDelay(true)
  let head = Buffer.alloc(0)
  socket.on('data', function begin(data) {
    head = Buffer.concat([head, data])
    if (head.length < HEAD_BYTES) return
    socket.off('data', begin)
    const [kind] = head
    head[0] = MARK
    socket.write(head.subarray(0, HEAD_BYTES))
    if (kind === SINK) sink(socket, head.readUInt32BE(1), head.subarray(HEAD_BYTES))
    else echo(socket, head.subarray(HEAD_BYTES))
  })
}

function echo(socket, first) {
  const back = (data) => {
    if (!socket.write(data)) socket.pause()
  }
  back(first)
  socket.on('data', back)
  socket.on('drain', () => socket.resume())
  socket.on('end', () => socket.end())
}

function sink(socket, id, first) {
  const pattern = new Pattern(id)
  let bytes = 0
  let wrong = 0
  const check = (data) => {
    wrong += pattern.wrong(bytes, data)
    bytes += data.length
  }
  sinks.add(socket)
  check(first)
  socket.on('data', check)
  socket.on('end', () => socket.end(JSON.stringify({ bytes, wrong })))
  if (paused) socket.pause()
}

const seen = { open: 0, bytes: 0, wrong: 0, lost: 0, whole: 0 }
const connections = new Set()
let stopping = false

class Connection {
  movedAt = Date.now()
  #kind = env.KIND === 'sink' ? SINK : ECHO
  #window = Number(env.WINDOW_BYTES ?? 262144)
  #sent = 0
  #back = 0
  #head = HEAD_BYTES
  #ended = false
  #elsewhere = false
  #answer = ''
  #pattern
  #socket

  constructor(id) {
    this.#pattern = new Pattern(id)
    const socket = net.connect({ host: env.HOST, port: Number(env.PORT), noDelay: true, allowHalfOpen: true })
    this.#socket = socket
    let failure = 'closed'
    socket.on('connect', () => {
      const head = Buffer.alloc(HEAD_BYTES)
      head[0] = this.#kind
      head.writeUInt32BE(id, 1)
      socket.write(head)
    })
    socket.on('data', (data) => this.#onData(data))
    socket.on('drain', () => this.pump())
    socket.on('end', () => socket.end())
    socket.on('error', (error) => {
      failure = error.code
    })
    socket.on('close', () => this.#onClose(id, failure))
  }

  /** Sends what it may. @param most bytes of this turn */
  pump(most = env.EVERY_MS === undefined ? Number.POSITIVE_INFINITY : 0) {
    if (this.#head > 0) return
    for (let left = most; left > 0 && !this.#ended; ) {
      if (this.#socket.writableNeedDrain || this.#socket.connecting) return
      const room = this.#kind === SINK ? PERIOD : this.#window - (this.#sent - this.#back)
      const bytes = Math.min(left, room, PERIOD)
      if (bytes <= 0) return
      this.#socket.write(this.#pattern.slice(this.#sent, bytes))
      this.#sent += bytes
      left -= bytes
      if (this.#kind === SINK) seen.bytes += bytes
    }
  }

  end() {
    this.#ended = true
    this.#socket.end()
  }

  #onData(data) {
    if (this.#head === HEAD_BYTES && data[0] !== MARK) {
      this.#elsewhere = true
      this.#socket.destroy()
      return
    }
    const skipped = Math.min(this.#head, data.length)
    if (this.#head > 0 && this.#head === skipped && ++seen.open === Number(env.CONNECTIONS)) say('OPENED')
    this.#head -= skipped
    const bytes = data.subarray(skipped)
    if (this.#kind === SINK) {
      this.#answer += bytes
      this.pump()
      return
    }
    seen.wrong += this.#pattern.wrong(this.#back, bytes)
    this.#back += bytes.length
    seen.bytes += bytes.length
    this.movedAt = Date.now()
    this.pump()
  }

  #onClose(id, failure) {
    connections.delete(this)
    if (this.#head > 0 && !stopping) {
      say('AGAIN', id, this.#elsewhere ? 'elsewhere' : failure, Date.now())
      setTimeout(() => connections.add(new Connection(id)), AGAIN_MS)
      return
    }
    if (this.#kind === SINK && this.#answer !== '') {
      const { bytes, wrong } = JSON.parse(this.#answer)
      seen.wrong += wrong
      this.#back = bytes
    }
    if (stopping && failure === 'closed' && this.#back === this.#sent) seen.whole++
    else {
      seen.lost++
      say('LOST', id, failure, Date.now(), `${this.#back} of ${this.#sent} bytes`)
    }
  }
}

const oldest = () => connections.values().reduce((least, { movedAt }) => Math.min(least, movedAt), Date.now())

async function client() {
  const total = Number(env.CONNECTIONS)
  const first = Number(env.FIRST_ID ?? 1)
  for (let n = 0; n < total; n++) connections.add(new Connection(first + n))
  if (env.EVERY_MS !== undefined) {
    const turn = () => {
      for (const one of connections) one.pump(1 + Math.floor(Math.random() * Number(env.CHUNK_BYTES)))
    }
    setInterval(turn, Number(env.EVERY_MS)).unref()
  }
  let stalledSince
  const watch = setInterval(() => {
    const last = oldest()
    if (Date.now() - last > STALLED_MS) stalledSince ??= last
    else if (stalledSince !== undefined) {
      say('PAUSED', stalledSince, Date.now())
      stalledSince = undefined
    }
  }, 20)
  const report = () => say('AT', JSON.stringify({ now: Date.now(), oldest: oldest(), left: connections.size, ...seen }))
  const reports = setInterval(report, 250)
  process.on('SIGTERM', () => {
    stopping = true
    for (const one of connections) one.end()
  })
  const done = setInterval(() => {
    if (connections.size > 0 || (!stopping && seen.open < Number(env.CONNECTIONS) && seen.lost === 0)) return
    for (const timer of [watch, reports, done]) clearInterval(timer)
    say('RESULT', JSON.stringify(seen))
    // A pod's log is read after it; a program of `remocal run` may end.
    if (env.STAY !== undefined) setInterval(() => {}, 60_000)
    else process.exit()
  }, 20)
}

if (env.ROLE === 'client') await client()
else {
  process.on('SIGUSR2', () => {
    paused = !paused
    for (const socket of sinks) paused ? socket.pause() : socket.resume()
    say(paused ? 'PAUSING' : 'READING')
  })
  const server = net.createServer({ allowHalfOpen: true }, serve)
  server.listen(Number(env.PORT), () => say('LISTENING', process.pid))
}
