import assert from 'node:assert/strict'
import https from 'node:https'
import { after, describe, it } from 'node:test'
import type { TLSSocket, TlsOptions } from 'node:tls'
import { createAuthority, createCertificate } from '../../wire/session/authority.ts'
import { closePlaces, get } from '../http/fixtures/place.ts'
import { ABOUT, ask, authority, Files, KEYS, own, problemOf, secureDial, securePlace } from './fixtures/secure-place.ts'

after(closePlaces)

const clients = createAuthority('clients')
const jane = createCertificate(clients, 'jane', {})

/** An app that verifies its clients, and says who they are. */
function verifying(options: TlsOptions): https.Server {
  const settings = { cert: own.cert, key: own.key, ca: authority.cert, requestCert: true, ...options }
  return https.createServer(settings, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    response.end(`app ${request.method} of ${subject?.CN ?? 'nobody'}`)
  })
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  describe(`an app that verifies its clients, ${version}`, { timeout: 30_000 }, () => {
    const versions = { minVersion: version, maxVersion: version }
    const files = new Files({ ...KEYS, '/tls/ca.crt': `${authority.cert}${clients.cert}` })
    const known = createCertificate(authority, 'known', {})

    it('gets its clients verified by its own authorities, and sees its own certificate', async () => {
      const at = await securePlace(verifying({ ...versions, rejectUnauthorized: true }), files)
      const credentials = { cert: known.cert, key: known.key }
      assert.match(await ask(await secureDial(at.port, credentials), ABOUT), /laptop GET/)
      const plain = get('/', 'Connection: close')
      assert.match(await ask(await secureDial(at.port, credentials), plain), /app GET of orders/)
      const foreign = { cert: jane.cert, key: jane.key }
      await assert.rejects(secureDial(at.port, foreign).then((socket) => ask(socket, plain)))
      await assert.rejects(secureDial(at.port).then((socket) => ask(socket, plain)))
      assert.equal(problemOf(at), '')
      at.now.advance(10_000)
      assert.match(await ask(await secureDial(at.port, credentials), ABOUT), /laptop GET/)
      await assert.rejects(secureDial(at.port).then((socket) => ask(socket, plain)))
      assert.equal(problemOf(at), '')
    })

    it('that lets clients without a certificate finish the handshake gets all of theirs: it may refuse them afterwards', async () => {
      const at = await securePlace(verifying({ ...versions, rejectUnauthorized: false }), files)
      const credentials = { cert: known.cert, key: known.key }
      assert.match(await ask(await secureDial(at.port, credentials), get('/', 'Connection: close')), /of orders/)
      assert.match(await ask(await secureDial(at.port, credentials), ABOUT), /laptop GET/)
      assert.equal(problemOf(at), '')
      const { length } = at.decided
      assert.match(await ask(await secureDial(at.port), ABOUT), /app GET of nobody/)
      assert.equal(at.decided.length, length)
      assert.match(problemOf(at), /^RC-E-335: .*prove nothing by a certificate go to the app/)
      const { changes } = at
      const before = changes()
      assert.match(await ask(await secureDial(at.port), ABOUT), /app GET of nobody/)
      assert.equal(changes(), before)
    })

    it('that lets everybody finish the handshake answers who has a foreign certificate too, as one who shows none', async () => {
      const at = await securePlace(verifying({ ...versions, rejectUnauthorized: false }), files)
      const foreign = { cert: jane.cert, key: jane.key }
      assert.match(await ask(await secureDial(at.port, foreign), ABOUT), /app GET of nobody/)
      assert.match(problemOf(at), /^RC-E-335: .*prove nothing by a certificate go to the app/)
    })

    it("that lets everybody finish the handshake, and could not take its own certificate for a client's, is left alone", async () => {
      const at = await securePlace(verifying({ ...versions, ca: clients.cert, rejectUnauthorized: false }), files)
      const credentials = { cert: jane.cert, key: jane.key }
      assert.match(await ask(await secureDial(at.port, credentials), ABOUT), /app GET of jane/)
      assert.match(problemOf(at), /^RC-E-335: .*its own certificate/)
    })

    it('whose authorities are not in its files is left alone', async () => {
      const at = await securePlace(verifying({ ...versions, rejectUnauthorized: true }), new Files(KEYS))
      const credentials = { cert: known.cert, key: known.key }
      assert.match(await ask(await secureDial(at.port, credentials), ABOUT), /app GET of known/)
      assert.match(problemOf(at), /^RC-E-335: .*not among the pod's files/)
    })

    it("that does not take its own certificate for a client's is left alone", async () => {
      const at = await securePlace(verifying({ ...versions, ca: clients.cert, rejectUnauthorized: true }), files)
      const credentials = { cert: jane.cert, key: jane.key }
      assert.match(await ask(await secureDial(at.port, credentials), ABOUT), /app GET of jane/)
      assert.match(problemOf(at), /^RC-E-335: .*its own certificate/)
    })
  })
}
