/**
 * HTTP/2 of plain text as gRPC speaks it, run by Node in a pod or on a laptop (`scenarios/http2.test.ts` starts it and reads what it prints).
 *
 * ROLE=server PORT=n [HOST_LABEL=name] answers every message with its name, and ends with trailers when the client ends.
 * ROLE=client HOST MARK COUNT   on one connection: two streams that say something every 100 ms, one of them marked; then COUNT calls, every second one marked, and so
 *                               again each time that is over. Prints `RESULT {...}` after each round: who answered calls, and both streams' last words.
 */
import http2 from 'node:http2'

const { env } = process
const WHO = env.HOST_LABEL ?? 'pod'
const say = (...words) => process.stdout.write(`${words.join(' ')}\n`)

function serve() {
  const server = http2.createServer()
  server.on('sessionError', () => {})
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-who': WHO }))
    stream.on('data', (bytes) => stream.write(`${WHO} ${bytes};`))
    stream.on('end', () => stream.end())
  })
  server.listen(Number(env.PORT), () => say('listening'))
}

/** A stream that lives on. */
function keep(session, marked) {
  const kept = { said: 0, answered: 0, who: '', over: '' }
  const stream = session.request({ ':method': 'POST', ':path': '/talk.Talk/Stream', te: 'trailers', ...marked })
  const timer = setInterval(() => stream.write(`${kept.said++}`), 100)
  stream.on('data', (bytes) => {
    kept.answered += bytes.toString().split(';').length - 1
    kept.who = bytes.toString().split(' ')[0]
  })
  stream.on('error', (error) => {
    kept.over = error.message
  })
  stream.on('trailers', () => {
    kept.over = 'trailers'
  })
  stream.on('close', () => {
    clearInterval(timer)
    kept.over ||= 'closed'
  })
  return kept
}

/** @returns who answered */
function call(session, marked) {
  return new Promise((resolve) => {
    const stream = session.request({ ':method': 'POST', ':path': '/talk.Talk/Call', te: 'trailers', ...marked })
    let status = 0
    let who = 'no trailers'
    stream.on('response', (headers) => {
      status = headers[':status']
    })
    stream.on('trailers', (trailers) => {
      who = trailers['x-who']
    })
    stream.on('error', (error) => resolve(error.message))
    stream.resume().on('end', () => resolve(status === 200 ? who : `HTTP ${status}`))
    stream.end('call')
  })
}

async function ask() {
  const session = http2.connect(`http://${env.HOST}`)
  session.on('error', (error) => say('SESSION', error.message)).on('close', () => say('CLOSED'))
  const mark = { 'x-remocal': env.MARK }
  const streams = [keep(session, {}), keep(session, mark)]
  for (let round = 1; ; round++) {
    const calls = { plain: {}, marked: {} }
    const all = Array.from({ length: Number(env.COUNT) }, async (_, n) => {
      const kind = n % 2 ? 'marked' : 'plain'
      const who = await call(session, n % 2 ? mark : {})
      calls[kind][who] = (calls[kind][who] ?? 0) + 1
    })
    await Promise.all(all)
    say('RESULT', JSON.stringify({ round, calls, plain: streams[0], marked: streams[1] }))
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

if (env.ROLE === 'server') serve()
else await ask()
