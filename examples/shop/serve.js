// What the three services share: an HTTP server that answers JSON, says who it is, and hands tracing headers on.
import { createServer } from 'node:http'
import { hostname } from 'node:os'

const PASSED_ON = ['x-remocal', 'baggage', 'tracestate', 'traceparent', 'x-user']

/** Answers every path but /health with what `answer` returns, and with who answered. */
export function serve(service, answer) {
  const server = createServer(async (request, response) => {
    if (request.url === '/health') return response.end('ok\n')
    const passedOn = Object.fromEntries(
      PASSED_ON.flatMap((name) => (request.headers[name] ? [[name, request.headers[name]]] : [])),
    )
    const ask = async (base, path) => (await fetch(base + path, { headers: passedOn })).json()
    try {
      const body = {
        service,
        host: process.env.HOST_LABEL ?? hostname(),
        path: request.url,
        ...(await answer({ ask })),
      }
      response.setHeader('content-type', 'application/json')
      response.end(`${JSON.stringify(body)}\n`)
    } catch (error) {
      response.statusCode = 502
      response.end(`${JSON.stringify({ service, error: String(error.cause ?? error) })}\n`)
    }
  })
  const port = Number(process.env.PORT ?? 8080)
  server.listen(port, () => process.stdout.write(`${service} is listening on port ${port}\n`))
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
}
