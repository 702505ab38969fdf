/** `/livez` and `/readyz` for the kubelet. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'

/** @param ready why not, or undefined */
export async function listenForHealth(port: number, ready: () => string | undefined): Promise<Server> {
  const server = createServer((request, response) => {
    const why = request.url === '/readyz' ? ready() : undefined
    const known = request.url === '/readyz' || request.url === '/livez'
    response.writeHead(known ? (why === undefined ? 200 : 503) : 404, { 'content-type': 'text/plain' })
    response.end(`${known ? (why ?? 'ok') : 'not found'}\n`)
  })
  server.listen(port)
  await once(server, 'listening')
  return server
}
