import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeProtobuf } from './protobuf.ts'
import { StatusError } from './status.ts'

/** A field of the protobuf encoding: a number, or bytes. */
function field(number: number, value: number | string | Buffer): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint(number << 3), varint(value)])
  const bytes = Buffer.from(value)
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}

const message = (...fields: Buffer[]): Buffer => Buffer.concat(fields)

function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  return Buffer.concat([Buffer.from('k8s\0'), field(1, message(field(1, apiVersion), field(2, kind))), field(2, raw)])
}

test('protobuf: a Deployment as kubectl encodes it', () => {
  const container = message(
    field(1, 'web'),
    field(2, 'shop/web:1'),
    field(3, 'node'),
    field(3, 'web.js'),
    // Empty, as its encoder writes them.
    field(5, ''),
    field(6, message(field(1, 'http'), field(2, 0), field(3, 8080), field(4, 'TCP'), field(5, ''))),
    field(8, ''),
    // A probe: the handler's fields are the probe's own in JSON.
    field(
      11,
      message(
        field(
          1,
          message(field(2, message(field(1, '/ready'), field(2, message(field(1, 1), field(2, 0), field(3, 'http')))))),
        ),
        field(2, 0),
        field(4, 5),
      ),
    ),
  )
  const pod = message(
    field(1, message(field(11, message(field(1, 'app'), field(2, 'web'))))),
    field(2, field(2, container)),
  )
  const spec = message(
    field(1, 0),
    field(2, field(1, message(field(1, 'app'), field(2, 'web')))),
    field(3, pod),
    field(4, message(field(1, ''))),
    field(5, 0),
    field(7, 0),
  )
  const metadata = message(field(1, 'web'), field(3, 'shop'), field(8, ''))
  assert.deepEqual(decodeProtobuf(envelope('apps/v1', 'Deployment', message(field(1, metadata), field(2, spec)))), {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      // A pointer in the original: 0 is told from nothing.
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            {
              name: 'web',
              image: 'shop/web:1',
              command: ['node', 'web.js'],
              ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
              readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5 },
            },
          ],
        },
      },
    },
  })
})

test('protobuf: bytes of a Secret become base64, negative numbers stay negative', () => {
  const secret = field(2, message(field(1, 'key'), field(2, Buffer.of(0, 255))))
  assert.deepEqual(decodeProtobuf(envelope('v1', 'Secret', secret)).data, { key: 'AP8=' })
  const minusOne = Buffer.from('08ffffffffffffffffff01', 'hex')
  assert.equal(decodeProtobuf(envelope('v1', 'DeleteOptions', minusOne)).gracePeriodSeconds, -1)
})

test('protobuf: a kind that is not known is 415, what is no envelope 400', () => {
  const code = (bytes: Buffer): number => {
    try {
      decodeProtobuf(bytes)
    } catch (error) {
      if (error instanceof StatusError) return error.code
    }
    return 0
  }
  assert.equal(code(envelope('v1', 'Unheard', Buffer.alloc(0))), 415)
  assert.equal(code(Buffer.from('{}')), 400)
  assert.equal(code(envelope('v1', 'Pod', Buffer.of(0x0a, 0x7f))), 400)
})

test('protobuf: whatever the bytes are, the answer is an object or a refusal', () => {
  const kinds = fc.constantFrom('Pod', 'Deployment', 'Service', 'Event', 'SubjectAccessReview', 'Lease')
  fc.assert(
    fc.property(kinds, fc.uint8Array({ maxLength: 200 }), (kind, bytes) => {
      try {
        assert.equal(typeof decodeProtobuf(envelope('v1', kind, Buffer.from(bytes))), 'object')
      } catch (error) {
        assert.ok(error instanceof StatusError, String(error))
      }
    }),
    { numRuns: 3000 },
  )
})
