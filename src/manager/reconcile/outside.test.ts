import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Node, Pod, Service } from '../kinds.ts'
import { frontNodes, outsideAddresses } from './outside.ts'

function service(spec: Partial<Service['spec']>, status: Service['status'] = {}): Service {
  const ports = [{ port: 7070, targetPort: 'carrier', nodePort: 31_000 }]
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'remocal-outside' }, spec: { ports, ...spec }, status }
}

function node(name: string, ...addresses: [type: string, address: string][]): Node {
  const status = { addresses: addresses.map(([type, address]) => ({ type, address })) }
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {}, status }
}

function pod(nodeName: string, change: { app?: string; ready?: string; deletionTimestamp?: string } = {}): Pod {
  const { app = 'remocal-manager', ready = 'True', ...rest } = change
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'x', labels: { 'app.kubernetes.io/name': app }, ...rest },
    spec: { containers: [], nodeName },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  }
}

describe('outsideAddresses', () => {
  it('are none without a Service, with one that goes, or one that is not for the outside', () => {
    const one = node('a', ['InternalIP', '10.0.0.1'])
    const going = service({ type: 'NodePort' })
    going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
    assert.deepEqual(outsideAddresses(undefined, [one]), [])
    assert.deepEqual(outsideAddresses(going, [one]), [])
    assert.deepEqual(outsideAddresses(service({ type: 'ClusterIP' }), [one]), [])
  })

  it('of a NodePort are all external addresses, then the internal ones, eight at most', () => {
    const nodes = [
      node('a', ['InternalIP', '10.0.0.1'], ['Hostname', 'a'], ['ExternalIP', '198.51.100.1']),
      node('b', ['InternalIP', 'fd00::2'], ['ExternalIP', '198.51.100.2']),
    ]
    assert.deepEqual(outsideAddresses(service({ type: 'NodePort' }), nodes), [
      '198.51.100.1:31000',
      '198.51.100.2:31000',
      '10.0.0.1:31000',
      '[fd00::2]:31000',
    ])
    const many = Array.from({ length: 20 }, (_, index) => node(`n${index}`, ['InternalIP', `10.0.0.${index}`]))
    assert.equal(outsideAddresses(service({ type: 'NodePort' }), many).length, 8)
  })

  it('of a LoadBalancer are its own, once it has some', () => {
    const type = 'LoadBalancer'
    const one = node('a', ['InternalIP', '10.0.0.1'])
    assert.deepEqual(outsideAddresses(service({ type }), [one]), [])
    const ingress = [{ ip: '203.0.113.7' }, { hostname: 'lb.example.com' }]
    assert.deepEqual(outsideAddresses(service({ type }, { loadBalancer: { ingress } }), [one]), [
      '203.0.113.7:7070',
      'lb.example.com:7070',
    ])
  })
})

it('frontNodes are those of managers that are ready, each once', () => {
  const pods = [
    pod('b'),
    pod('a'),
    pod('a'),
    pod('c', { ready: 'False' }),
    pod('d', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    pod('e', { app: 'remocal-dialer' }),
  ]
  assert.deepEqual(frontNodes(pods), ['a', 'b'])
})
