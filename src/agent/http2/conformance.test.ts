/** What RFC 9113 says of a peer that does wrong, section by section; the client is raw. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { FRAME } from '../../lib/http2/frame.ts'
import { PREFACE } from '../../lib/http2/preface.ts'
import { SETTING, settingsPayload } from '../../lib/http2/settings.ts'
import { dial, type Place } from '../http/fixtures/place.ts'
import { closeAll, h2Place, h2Server } from './fixtures/place2.ts'
import { block, FLAGS, GET, POST, RawPeer, rawClient } from './fixtures/raw-peer.ts'

afterEach(closeAll)

const { headers: HEADERS, end: END, padded: PADDED } = FLAGS
const four = (value: number): Buffer => {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(value)
  return payload
}

type Wrong = [title: string, code: keyof typeof ERROR_CODE, say: (client: RawPeer) => unknown]

/** Errors of the connection: GOAWAY with this code, then the end. */
const OF_CONNECTION: Wrong[] = [
  ['3.4 a first frame that is not SETTINGS', 'PROTOCOL_ERROR', (c) => c.send(FRAME.PING, 0, 0, Buffer.alloc(8))],
  ['4.2 a frame over 16,384 octets', 'FRAME_SIZE_ERROR', (c) => c.send(0, 0, 1, Buffer.alloc(16_385))],
  ['4.3 a block that cannot be decoded', 'COMPRESSION_ERROR', (c) => c.send(1, 5, 1, Buffer.from([0xff]))],
  ['5.1 DATA of an idle stream', 'PROTOCOL_ERROR', (c) => c.data(1, 'x')],
  ['5.1 RST_STREAM of an idle stream', 'PROTOCOL_ERROR', (c) => c.four(FRAME.RST_STREAM, 1, 8)],
  ['5.1 WINDOW_UPDATE of an idle stream', 'PROTOCOL_ERROR', (c) => c.four(FRAME.WINDOW_UPDATE, 1, 8)],
  [
    '5.1 DATA after RST_STREAM of the client',
    'STREAM_CLOSED',
    (c) => c.headers(1, POST, HEADERS).four(FRAME.RST_STREAM, 1, 8).data(1, 'x'),
  ],
  ['5.1.1 a stream with an even id', 'PROTOCOL_ERROR', (c) => c.headers(2, GET)],
  ['5.1.1 an id that goes back', 'STREAM_CLOSED', (c) => c.headers(5, GET, HEADERS).headers(3, GET)],
  ['6.1 DATA of the connection', 'PROTOCOL_ERROR', (c) => c.data(0, 'x')],
  [
    '6.1 more padding than payload',
    'PROTOCOL_ERROR',
    (c) => c.headers(1, POST, HEADERS).data(1, Buffer.from([5, 1, 2]), PADDED),
  ],
  ['6.2 HEADERS of the connection', 'PROTOCOL_ERROR', (c) => c.headers(0, GET)],
  [
    '6.2 HEADERS with more padding than payload',
    'PROTOCOL_ERROR',
    (c) => c.send(FRAME.HEADERS, HEADERS | PADDED, 1, Buffer.concat([Buffer.from([200]), block(GET)])),
  ],
  [
    '6.2 HEADERS without the priority it promises',
    'FRAME_SIZE_ERROR',
    (c) => c.send(FRAME.HEADERS, HEADERS | FLAGS.priority, 1, Buffer.alloc(3)),
  ],
  [
    '6.2 another frame within a block',
    'PROTOCOL_ERROR',
    (c) => c.headers(1, GET, 0).send(FRAME.PING, 0, 0, Buffer.alloc(8)),
  ],
  ['6.2 HEADERS of another stream within a block', 'PROTOCOL_ERROR', (c) => c.headers(1, GET, 0).headers(3, GET)],
  ['6.3 PRIORITY of the connection', 'PROTOCOL_ERROR', (c) => c.send(FRAME.PRIORITY, 0, 0, Buffer.alloc(5))],
  ['6.4 RST_STREAM of the connection', 'PROTOCOL_ERROR', (c) => c.four(FRAME.RST_STREAM, 0, 8)],
  [
    '6.4 RST_STREAM of another length',
    'FRAME_SIZE_ERROR',
    (c) => c.headers(1, POST, HEADERS).send(FRAME.RST_STREAM, 0, 1, Buffer.alloc(3)),
  ],
  ['6.5 SETTINGS of a stream', 'PROTOCOL_ERROR', (c) => c.send(FRAME.SETTINGS, 0, 1)],
  ['6.5 SETTINGS ACK with payload', 'FRAME_SIZE_ERROR', (c) => c.send(FRAME.SETTINGS, 1, 0, Buffer.alloc(6))],
  ['6.5 SETTINGS of a length', 'FRAME_SIZE_ERROR', (c) => c.send(FRAME.SETTINGS, 0, 0, Buffer.alloc(7))],
  ['6.5.2 ENABLE_PUSH of 2', 'PROTOCOL_ERROR', (c) => say(c, SETTING.ENABLE_PUSH, 2)],
  ['6.5.2 a window over 2^31-1', 'FLOW_CONTROL_ERROR', (c) => say(c, SETTING.INITIAL_WINDOW_SIZE, 2 ** 31)],
  ['6.5.2 frames too small', 'PROTOCOL_ERROR', (c) => say(c, SETTING.MAX_FRAME_SIZE, 16_383)],
  ['6.5.2 frames too large', 'PROTOCOL_ERROR', (c) => say(c, SETTING.MAX_FRAME_SIZE, 2 ** 24)],
  ['6.6 PUSH_PROMISE', 'PROTOCOL_ERROR', (c) => c.send(FRAME.PUSH_PROMISE, 4, 1, four(2))],
  ['6.7 PING of a stream', 'PROTOCOL_ERROR', (c) => c.send(FRAME.PING, 0, 1, Buffer.alloc(8))],
  ['6.7 PING of another length', 'FRAME_SIZE_ERROR', (c) => c.send(FRAME.PING, 0, 0, Buffer.alloc(7))],
  ['6.8 GOAWAY of a stream', 'PROTOCOL_ERROR', (c) => c.send(FRAME.GOAWAY, 0, 1, Buffer.alloc(8))],
  ['6.8 GOAWAY too short', 'FRAME_SIZE_ERROR', (c) => c.send(FRAME.GOAWAY, 0, 0, Buffer.alloc(7))],
  ['6.9 WINDOW_UPDATE by 0', 'PROTOCOL_ERROR', (c) => c.four(FRAME.WINDOW_UPDATE, 0, 0)],
  [
    '6.9 WINDOW_UPDATE of another length',
    'FRAME_SIZE_ERROR',
    (c) => c.send(FRAME.WINDOW_UPDATE, 0, 0, Buffer.alloc(3)),
  ],
  ['6.9.1 a window over 2^31-1', 'FLOW_CONTROL_ERROR', (c) => c.four(FRAME.WINDOW_UPDATE, 0, 0x7fffffff)],
  [
    '6.9.2 a window over 2^31-1 by SETTINGS',
    'FLOW_CONTROL_ERROR',
    (c) => {
      c.headers(1, POST, HEADERS).four(FRAME.WINDOW_UPDATE, 1, 0x7fffffff - 65_535)
      return say(c, SETTING.INITIAL_WINDOW_SIZE, 0x7fffffff)
    },
  ],
  ['6.10 CONTINUATION without HEADERS', 'PROTOCOL_ERROR', (c) => c.send(FRAME.CONTINUATION, HEADERS, 1, block(GET))],
  [
    '6.10 CONTINUATION of another stream',
    'PROTOCOL_ERROR',
    (c) => c.headers(1, GET, 0).send(FRAME.CONTINUATION, HEADERS, 3),
  ],
  [
    '6.10 CONTINUATION after END_HEADERS',
    'PROTOCOL_ERROR',
    (c) => c.headers(1, GET, HEADERS).send(FRAME.CONTINUATION, HEADERS, 1),
  ],
]

/** Errors of one stream: RST_STREAM with this code; the connection goes on. */
const OF_STREAM: Wrong[] = [
  ['5.1 DATA after END_STREAM', 'STREAM_CLOSED', (c) => slow(c, 1).data(1, 'x')],
  ['5.1 HEADERS after END_STREAM', 'STREAM_CLOSED', (c) => slow(c, 1).headers(1, { a: 'b' })],
  ['6.3 PRIORITY of another length', 'FRAME_SIZE_ERROR', (c) => slow(c, 1).send(FRAME.PRIORITY, 0, 1, four(1))],
  ['6.9 WINDOW_UPDATE by 0', 'PROTOCOL_ERROR', (c) => slow(c, 1).four(FRAME.WINDOW_UPDATE, 1, 0)],
  ['6.9.1 a window over 2^31-1', 'FLOW_CONTROL_ERROR', (c) => slow(c, 1).four(FRAME.WINDOW_UPDATE, 1, 0x7fffffff)],
  [
    '8.1 trailers that do not end the stream',
    'PROTOCOL_ERROR',
    (c) => c.headers(1, POST, HEADERS).headers(1, { a: 'b' }, HEADERS),
  ],
  [
    '8.1 trailers with a pseudo-header field',
    'PROTOCOL_ERROR',
    (c) => c.headers(1, POST, HEADERS).headers(1, { ':path': '/' }),
  ],
  ['8.1.1 less than content-length', 'PROTOCOL_ERROR', (c) => long(c, 3).data(1, 'ab', END)],
  ['8.1.1 more than content-length', 'PROTOCOL_ERROR', (c) => long(c, 3).data(1, 'abcd')],
  ['8.1.1 content-length of nothing', 'PROTOCOL_ERROR', (c) => c.headers(1, { ...POST, 'content-length': '1' })],
  ['8.2.1 a name in upper case', 'PROTOCOL_ERROR', (c) => c.headers(1, { ...GET, Name: 'x' })],
  ['8.2.1 a line break in a value', 'PROTOCOL_ERROR', (c) => c.headers(1, { ...GET, name: 'x\r\ny: z' })],
  ['8.2.2 a field of connections', 'PROTOCOL_ERROR', (c) => c.headers(1, { ...GET, connection: 'close' })],
  ['8.3 an unknown pseudo-header field', 'PROTOCOL_ERROR', (c) => c.headers(1, { ...GET, ':x': 'y' })],
  ['8.3.1 no path', 'PROTOCOL_ERROR', (c) => c.headers(1, { ':method': 'GET', ':scheme': 'http' })],
]

function say(client: RawPeer, id: number, value: number): RawPeer {
  return client.send(FRAME.SETTINGS, 0, 0, settingsPayload([[id, value]]))
}

/** A request that is whole and has no answer yet. */
function slow(client: RawPeer, stream: number): RawPeer {
  return client.headers(stream, { ...GET, ':path': '/slow' })
}

function long(client: RawPeer, length: number): RawPeer {
  return client.headers(1, { ...POST, 'content-length': `${length}` }, HEADERS)
}

async function begun(title: string): Promise<{ place: Place; client: RawPeer }> {
  const app = h2Server((stream, headers) => {
    if (headers[':path'] !== '/slow') stream.resume().respond({ ':status': 200 }, { endStream: true })
  })
  const place = await h2Place(app)
  if (!title.startsWith('3.4')) return { place, client: await rawClient(place.port) }
  const client = new RawPeer(await dial(place.port))
  client.socket.write(PREFACE)
  return { place, client }
}

describe('an error of the connection', () => {
  for (const [title, code, wrong] of OF_CONNECTION) {
    it(title, async () => {
      const { place, client } = await begun(title)
      wrong(client)
      assert.equal((await client.goaway()).code, ERROR_CODE[code])
      await client.closed()
      assert.equal(place.counts.refused, 1)
    })
  }
})

describe('an error of one stream', () => {
  for (const [title, code, wrong] of OF_STREAM) {
    it(title, async () => {
      const { place, client } = await begun(title)
      wrong(client)
      assert.equal(await client.reset(1), ERROR_CODE[code])
      client.headers(3, GET)
      assert.equal((await client.frame(FRAME.HEADERS, 3)).stream, 3)
      await client.settled()
      assert.equal(client.isClosed, false)
      assert.equal(place.counts.refused, 1)
    })
  }
})
