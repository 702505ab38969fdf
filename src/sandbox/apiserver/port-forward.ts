/** Port-forward over WebSocket, subprotocol `v4.channel.k8s.io`: for each port a data and an error channel. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { KubeletBackend } from './backend.ts'
import { StatusError } from './status.ts'
import type { Stored } from './store.ts'

const PROTOCOL = 'v4.channel.k8s.io'
const HIGH_BYTES = 1024 * 1024

const server = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  skipUTF8Validation: true,
  maxPayload: 16 * 1024 * 1024,
  handleProtocols: (protocols) => (protocols.has(PROTOCOL) ? PROTOCOL : false),
})

/** Throws 501 when the request asks for another protocol. */
export function refuseOtherProtocols(request: IncomingMessage): void {
  const asked = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim())
  if (!asked.includes(PROTOCOL)) {
    throw new StatusError(
      501,
      'NotImplemented',
      `RC-S-402: the sandbox forwards ports by ${PROTOCOL} only, not ${asked.join(', ') || 'SPDY'}`,
    )
  }
}

/** Takes a request whose protocol is the right one. */
export function servePortForward(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { pod, ports, kubelet }: { pod: Stored; ports: number[]; kubelet: KubeletBackend },
): void {
  server.handleUpgrade(request, socket, head, (webSocket) => {
    ports.forEach((port, index) => void forward(webSocket, index * 2, port, pod, kubelet))
  })
}

async function forward(
  webSocket: WebSocket,
  channel: number,
  port: number,
  pod: Stored,
  kubelet: KubeletBackend,
): Promise<void> {
  const portBytes = Buffer.alloc(2)
  portBytes.writeUInt16LE(port)
  const send = (to: number, bytes: Buffer, done?: () => void): void =>
    webSocket.send(Buffer.concat([Buffer.of(to), bytes]), { binary: true }, () => done?.())
  webSocket.on('error', () => {})
  const early: Buffer[] = []
  let take = (bytes: Buffer): void => void early.push(bytes)
  webSocket.on('message', (data: Buffer) => {
    if (data[0] === channel && data.length > 1) take(data.subarray(1))
  })
  send(channel, portBytes)
  send(channel + 1, portBytes)
  let target: Duplex
  // What comes meanwhile waits in the kernel.
  webSocket.pause()
  try {
    target = await kubelet.connect(pod, port)
  } catch (error) {
    send(
      channel + 1,
      Buffer.from(`error forwarding port ${port} to pod ${pod.metadata.name}: ${(error as Error).message}`),
      () => webSocket.close(),
    )
    return
  } finally {
    webSocket.resume()
  }
  if (webSocket.readyState !== webSocket.OPEN) {
    target.destroy()
    return
  }
  take = (bytes) => {
    if (!target.write(bytes)) webSocket.pause()
  }
  for (const bytes of early) take(bytes)
  target.on('drain', () => webSocket.resume())
  target.on('data', (bytes: Buffer) => {
    send(channel, bytes, () => {
      if (webSocket.bufferedAmount < HIGH_BYTES / 4) target.resume()
    })
    if (webSocket.bufferedAmount > HIGH_BYTES) target.pause()
  })
  target.on('end', () => webSocket.close())
  target.on('error', (error) => send(channel + 1, Buffer.from(error.message), () => webSocket.close()))
  target.on('close', () => webSocket.close())
  webSocket.on('close', () => target.destroy())
}
