import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Budget, Exceeded } from './budget.ts'
import { compileFilter } from './compile.ts'
import { requestOf } from './fixtures/request.ts'
import { grpcPart } from './grpc.ts'
import { overlap } from './overlap.ts'
import type { FilterRequest } from './request.ts'

function call(target: string, contentType = 'application/grpc'): FilterRequest {
  return requestOf({ method: 'POST', target, headers: { 'content-type': contentType } })
}

function parts(request: FilterRequest): [string, string] {
  return [grpcPart(request, 'service', new Budget()), grpcPart(request, 'method', new Budget())]
}

const service = (name: string): string => `grpc.service == ${JSON.stringify(name)}`
const method = (name: string): string => `grpc.method == ${JSON.stringify(name)}`

describe('grpc', () => {
  it('has the service with its package, and the method', () => {
    assert.deepEqual(parts(call('/shop.v1.Orders/Get')), ['shop.v1.Orders', 'Get'])
    assert.deepEqual(parts(call('/Orders/Get?x=1', 'application/grpc+proto')), ['Orders', 'Get'])
    assert.deepEqual(parts(call('/proxy/shop.Orders/Get', 'application/grpc-web')), ['proxy/shop.Orders', 'Get'])
  })

  it('is empty for what is no call', () => {
    for (const target of ['/', '/Orders', '/Orders/', '//Get', '*'])
      assert.deepEqual(parts(call(target)), ['', ''], target)
    for (const type of ['application/json', 'text/application/grpc', '']) {
      assert.deepEqual(parts(call('/shop.Orders/Get', type)), ['', ''], type)
    }
    const headers = { 'content-type': 'application/grpc' }
    assert.deepEqual(parts(requestOf({ method: 'GET', target: '/shop.Orders/Get', headers })), ['', ''])
  })

  it('means the same as a short form and within an expression', async () => {
    const requests = [
      call('/shop.Orders/Get'),
      call('/shop.Orders/List'),
      call('/shop.Stock/Get'),
      requestOf({ target: '/shop.Orders/Get' }),
    ]
    for (const [cel, expected] of [
      [service('shop.Orders'), [true, true, false, false]],
      [`${service('shop.Orders')} && ${method('Get')}`, [true, false, false, false]],
      [`!(${service('shop.Orders')} && ${method('Get')})`, [false, true, true, true]],
      ['grpc.service.startsWith("shop.")', [true, true, true, false]],
      ['grpc.method.matches("^(Get|Put)$")', [true, false, true, false]],
      ['grpc.service == ""', [false, false, false, true]],
    ] as const) {
      const short = await compileFilter(cel)
      const long = await compileFilter(`(${cel}) || 1 == 2`)
      assert.deepEqual(
        requests.map((request) => short.matches(request)),
        expected,
        cel,
      )
      assert.deepEqual(
        requests.map((request) => long.matches(request)),
        expected,
        cel,
      )
    }
    assert.equal((await compileFilter(`${service('a')} && ${method('b')}`)).terms.length, 2)
  })

  it('is compared, also with terms on methods, paths and content types', () => {
    const get = `${service('shop.Orders')} && ${method('Get')}`
    for (const [a, b, expected] of [
      [service('shop.Orders'), service('shop.Stock'), 'disjoint'],
      [get, `${service('shop.Orders')} && ${method('List')}`, 'disjoint'],
      [get, service('shop.Orders'), 'overlap'],
      [get, 'grpc.service.startsWith("shop.")', 'overlap'],
      [get, method('Get'), 'overlap'],
      [service('shop.Orders'), 'grpc.service.startsWith("bank.")', 'disjoint'],
      [service('shop.Orders'), 'grpc.service == ""', 'disjoint'],
      [service('shop.Orders'), 'request.path.startsWith("/shop.Orders/")', 'overlap'],
      [service('shop.Orders'), 'request.path == "/api"', 'disjoint'],
      [get, 'request.path == "/shop.Orders/Get"', 'overlap'],
      [get, 'request.path == "/shop.Orders/List"', 'disjoint'],
      ['grpc.service.startsWith("bank.")', 'request.path.startsWith("/shop")', 'disjoint'],
      [get, 'request.headers["content-type"] == "application/json"', 'disjoint'],
      [get, 'request.headers["content-type"] == "application/grpc+proto"', 'overlap'],
      [get, 'request.method == "GET"', 'disjoint'],
      [get, 'request.method == "POST"', 'overlap'],
      ['grpc.service.matches("^(A|B)$")', 'request.method == "GET"', 'disjoint'],
      ['grpc.service.matches("^A|$")', 'request.method == "GET"', 'overlap'],
      ['!grpc.service.matches("^$")', 'request.method == "GET"', 'disjoint'],
      ['grpc.service == ""', 'request.path == "/api"', 'overlap'],
      [`!(${service('shop.Orders')})`, 'request.path == "/api"', 'overlap'],
    ] as const) {
      assert.equal(overlap(a, b), expected, `${a} beside ${b}`)
      assert.equal(overlap(b, a), expected, `${b} beside ${a}`)
    }
  })

  it('costs what looking for it costs', () => {
    const budget = new Budget().renew(10)
    assert.throws(() => grpcPart(call('/shop.Orders/Get'), 'service', budget), Exceeded)
  })
})
