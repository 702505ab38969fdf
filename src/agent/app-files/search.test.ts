import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isClosed, isLikely, namedPaths, volumePoints } from './candidates.ts'
import { pemBlocks } from './pem.ts'
import { search } from './search.ts'

const block = (name: string, content = 'QUFB'): string => `-----BEGIN ${name}-----\n${content}\n-----END ${name}-----\n`

describe('what is given of a file', () => {
  it('certificates and private keys, and nothing around them', () => {
    for (const name of ['CERTIFICATE', 'PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'])
      assert.equal(pemBlocks(`password=x\n${block(name)}token: y\n`), block(name))
    assert.equal(pemBlocks(block('CERTIFICATE') + block('PRIVATE KEY')), block('CERTIFICATE') + block('PRIVATE KEY'))
    const traditional = 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nQUFB'
    assert.equal(pemBlocks(block('RSA PRIVATE KEY', traditional)), block('RSA PRIVATE KEY', traditional))
  })

  it('no token, no other kind of secret, nothing that only begins like one', () => {
    for (const text of [
      'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln',
      block('PGP PRIVATE KEY BLOCK'),
      block('OPENSSH PRIVATE KEY'),
      '-----BEGIN PRIVATE KEY-----\nQUFB\n',
      `-----BEGIN PRIVATE KEY-----\n"token": "eyJh"\n-----END PRIVATE KEY-----\n`,
    ])
      assert.equal(pemBlocks(text), '')
  })

  it('many beginnings without an end are read in linear time', () => {
    const startedAt = performance.now()
    assert.equal(pemBlocks('-----BEGIN PRIVATE KEY-----\n'.repeat(2300)), '')
    assert.ok(performance.now() - startedAt < 1000)
  })
})

describe('where is looked', () => {
  it('at paths in the command line and the environment, relative ones from its folder', () => {
    assert.deepEqual(
      namedPaths(
        ['server', '--tls-key=/etc/tls/tls.key', '--cert', 'certs/server.crt', '-v'],
        {
          BUNDLE: '/a/ca.pem:/b/ca.pem',
          PGSSL: 'host=db sslkey=/db/client.key',
          PATH: '/usr/bin:/bin',
          TOKEN: 'secret',
        },
        '/srv',
      ),
      ['/etc/tls/tls.key', '/srv/certs/server.crt', '/a/ca.pem', '/b/ca.pem', '/db/client.key'],
    )
  })

  it('in volumes, but none of the system or the service account', () => {
    const mountinfo = [
      '1 0 0:1 / / rw - overlay overlay rw',
      '2 1 0:2 / /proc rw - proc proc rw',
      '3 1 0:3 / /dev/shm rw - tmpfs shm rw',
      '4 1 0:4 / /etc/tls ro - tmpfs tmpfs rw',
      '5 1 0:5 / /run/secrets/kubernetes.io/serviceaccount ro - tmpfs tmpfs rw',
      '6 1 0:6 /x /data\\040one rw shared:1 - ext4 /dev/sda rw',
      '',
    ].join('\n')
    assert.deepEqual(volumePoints(mountinfo), ['/data one', '/etc/tls'])
    for (const path of [
      '/proc/1/environ',
      '/var/run/secrets/kubernetes.io/serviceaccount/token',
      '/sys',
      '/dev/shm/x.key',
    ])
      assert.equal(isClosed(path), true, path)
    for (const path of ['/process/tls.key', '/etc/tls/tls.key', '/device.pem'])
      assert.equal(isClosed(path), false, path)
    for (const path of ['tls.key', 'a.pem', 'x/ca.crt', 'server-cert', 'tls']) assert.equal(isLikely(path), true, path)
    for (const path of ['token', 'password', 'config.json', 'keys.txt']) assert.equal(isLikely(path), false, path)
  })

  it('within bounds, and a folder that holds itself ends', () => {
    let opened = 0
    let read = 0
    const inside = {
      list: () => {
        opened++
        return [
          { name: 'down', isFolder: true },
          ...Array.from({ length: 20 }, (_, n) => ({ name: `${n}.pem`, isFolder: false })),
        ]
      },
      read: () => {
        read++
        return Buffer.from(block('CERTIFICATE'))
      },
    }
    const folders = Array.from({ length: 1000 }, (_, n) => `/${n}`)
    const found = search({ inside, asked: [], named: [], folders })
    assert.equal(found.files.length, 512)
    assert.ok(opened <= 256 && read <= 1024)
    assert.ok(found.left > 500)
  })

  it('what is named and keys have a place, however many certificates there are', () => {
    const inside = {
      list: (path: string) =>
        path === '/certs'
          ? [{ name: 'tls.key', isFolder: false }]
          : Array.from({ length: 700 }, (_, n) => ({ name: `${n}.pem`, isFolder: false })),
      read: (path: string) =>
        Buffer.from(path.endsWith('.key') ? block('PRIVATE KEY') : block('CERTIFICATE', 'QUFB'.repeat(1000))),
    }
    const { files, left } = search({ inside, asked: ['/a.crt'], named: ['/n.key'], folders: ['/roots', '/certs'] })
    assert.deepEqual(
      files.slice(0, 3).map(({ path }) => path),
      ['/a.crt', '/n.key', '/certs/tls.key'],
    )
    assert.equal(left, 703 - files.length)
    assert.ok(left > 0)
  })

  it("tells what may not be read, and of a person's path whatever is wrong with it", () => {
    const inside = {
      list: () => [{ name: 'tls.key', isFolder: false }],
      read: (path: string): Buffer => {
        if (path === '/text.pem') return Buffer.from('nothing')
        throw Object.assign(new Error(), { code: path.startsWith('/v') ? 'EACCES' : 'ENOENT' })
      },
    }
    const asked = ['/text.pem', '/gone.key', '/run/secrets/kubernetes.io/serviceaccount/token']
    assert.deepEqual(search({ inside, asked, named: ['/named.key'], folders: ['/v'] }), {
      files: [],
      unreadable: [
        { path: '/text.pem', why: 'it holds no certificate or key in PEM' },
        { path: '/gone.key', why: 'ENOENT' },
        { path: asked[2], why: 'it belongs to the system or to the service account' },
        { path: '/v/tls.key', why: 'EACCES' },
      ],
      left: 0,
    })
  })
})
