import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { echo, place } from '../http/fixtures/place.ts'
import { closeAll, h2Place } from './fixtures/place2.ts'

after(closeAll)

/** Calls what belongs to the laptop. @returns how it fails */
async function failure(port: number): Promise<ServiceError> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  const metadata = new Metadata()
  metadata.set('x-user', 'jane')
  const octets = (bytes: Buffer): Buffer => bytes
  const { promise, resolve, reject } = Promise.withResolvers<ServiceError>()
  client.makeUnaryRequest('/shop.v1.Orders/Get', octets, octets, Buffer.from('1'), metadata, (error) => {
    if (error === null) reject(new Error('it was answered'))
    else resolve(error)
  })
  try {
    return await promise
  } finally {
    client.close()
  }
}

test('a gRPC call that the agent answers itself fails with its code and words', { timeout: 20_000 }, async () => {
  const { port, laptop, rules } = await h2Place()
  laptop.up = false
  rules.ifDown = 'error'
  const error = await failure(port)
  assert.equal(error.code, status.UNAVAILABLE)
  assert.equal(error.details, 'RC-E-311: Nothing listens on the laptop that takes this request.')
  assert.deepEqual(error.metadata.get('x-remocal-error'), ['RC-E-311'])
})

test('a gRPC call whose program speaks HTTP/1.1 only is one that is unavailable', { timeout: 20_000 }, async () => {
  const { port, bridged } = await place(echo('app'), echo('laptop'))
  for (const when of ['found out', 'known']) {
    const error = await failure(port)
    assert.equal(error.code, status.UNAVAILABLE, when)
    assert.equal(error.details, 'RC-E-313: The program on the laptop speaks HTTP/1.1 only, which has no gRPC.')
    assert.deepEqual(error.metadata.get('x-remocal-error'), ['RC-E-313'])
  }
  assert.deepEqual(bridged, [])
})
