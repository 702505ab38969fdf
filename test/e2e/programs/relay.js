/**
 * A service that hands requests on, over each protocol that services speak: `/<protocol>/<host>/<rest>` is asked of `host` as `/<rest>`, and the headers
 * that PASSED names go with it. Protocols: `http`, `https` (HTTP/1.1), `h2` (within TLS), `h2c` (prior knowledge), `grpc` (`h2c`, as a call). A path
 * without these is answered. With TLS_FILES it listens on PORT with TLS, else in plain text; either way HTTP/1.1 and HTTP/2 at once but for
 * SPEAKS=h2c, which has only that.
 */
import { readFileSync } from 'node:fs'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'

const { PASSED = '', TLS_FILES: files, PORT = '8080', SPEAKS } = process.env
const passed = PASSED.split(' ')
const read = (name) => readFileSync(`${files}/${name}`)

/** Resolves with the status. */
function askHttp(module, url, headers) {
  return new Promise((resolve, reject) => {
    const options = { headers, agent: false, ...(files && { ca: read('ca.crt') }) }
    const asked = module.request(url, options, (answer) => answer.resume().on('end', () => resolve(answer.statusCode)))
    asked.on('error', reject).end()
  })
}

/** Resolves with the status. */
function askHttp2(origin, path, headers, isCall) {
  return new Promise((resolve, reject) => {
    const session = http2.connect(origin, files ? { ca: read('ca.crt') } : {})
    session.on('error', reject)
    const call = isCall ? { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' } : {}
    const stream = session.request({ ...headers, ':path': path, ...call }, { endStream: !isCall })
    // An empty message (gRPC over HTTP/2, Length-Prefixed-Message).
    if (isCall) stream.end(Buffer.alloc(5))
    stream.on('error', reject).on('response', (answer) => {
      stream.resume().on('end', () => {
        session.close()
        resolve(answer[':status'])
      })
    })
  })
}

function ask(protocol, host, path, headers) {
  switch (protocol) {
    case 'http':
      return askHttp(http, `http://${host}${path}`, headers)
    case 'https':
      return askHttp(https, `https://${host}${path}`, headers)
    case 'h2':
      return askHttp2(`https://${host}`, path, headers, false)
    case 'h2c':
      return askHttp2(`http://${host}`, path, headers, false)
    default:
      return askHttp2(`http://${host}`, path, headers, true)
  }
}

async function answer(request, response) {
  const [, protocol, host, ...rest] = request.url.split('/')
  if (!['http', 'https', 'h2', 'h2c', 'grpc'].includes(protocol)) return response.end('ok')
  const headers = Object.fromEntries(
    passed.flatMap((name) => (request.headers[name] ? [[name, request.headers[name]]] : [])),
  )
  try {
    response.statusCode = await ask(protocol, host, `/${rest.join('/')}`, headers)
  } catch (error) {
    process.stderr.write(`${error.stack}\n`)
    response.statusCode = 502
  }
  response.end()
}

const server = files
  ? http2.createSecureServer({ cert: read('tls.crt'), key: read('tls.key'), allowHTTP1: true }, answer)
  : SPEAKS === 'h2c'
    ? http2.createServer(answer)
    : http.createServer(answer)
server.listen(Number(PORT))
