import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Way } from '../ports.ts'
import { curlLine } from './curl-line.ts'

const lineOf = (filter: string, way: Partial<Way> = {}): string | undefined =>
  curlLine(
    filter,
    'shop',
    [{ port: 8080, target: 8080, service: 'orders' }],
    [{ service: 'orders', servicePort: 80, port: 8080, ...way }],
  )
const CALL = 'grpc.service == "shop.Orders" && grpc.method == "Get"'

it('curlLine is of curl for requests, and of nothing where none can be derived', () => {
  assert.equal(lineOf('request.path == "/a"'), 'remocal run -n shop -- curl http://orders/a')
  assert.equal(lineOf('request.path == "/a"', { servicePort: 443 }), 'remocal run -n shop -- curl https://orders/a')
  assert.equal(lineOf('request.path.matches("x")'), undefined)
})

it('curlLine is of grpcurl for calls that the filter names, and never of curl for gRPC', () => {
  const line = 'remocal run -n shop -- grpcurl -plaintext'
  assert.equal(lineOf(CALL, { servicePort: 50051 }), `${line} orders:50051 shop.Orders/Get`)
  assert.equal(
    lineOf(`request.headers["x-user"] == "jane" && ${CALL}`),
    `${line} -H 'x-user: jane' orders:80 shop.Orders/Get`,
  )
  assert.equal(lineOf(`${CALL} && request.path == "/a"`), undefined)
  assert.equal(lineOf('grpc.service == "shop.Orders"'), undefined)
  assert.equal(lineOf('request.path == "/a"', { name: 'grpc' }), undefined)
  assert.equal(lineOf('request.path == "/a"', { name: 'grpc-orders' }), undefined)
})
