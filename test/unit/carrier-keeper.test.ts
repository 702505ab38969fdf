/** The daemon's carrier over real sockets: which way is taken, and how it changes under a flow of checked bytes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { Echoed } from './fixtures/echoed.ts'
import { Door, Loopback } from './fixtures/loopback.ts'

const MEGABYTE = 1024 * 1024

async function start(t: TestContext): Promise<Loopback> {
  const loopback = await Loopback.start()
  t.after(() => loopback.close())
  return loopback
}

/** Takes connections and never says a word: what a firewall does to those that are open, and some do to new ones. */
async function mute(t: TestContext): Promise<Door & { taken: Socket[] }> {
  const taken: Socket[] = []
  const server = createServer((socket) => void taken.push(socket.on('error', () => {}))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const door = Object.assign(new Door(server), { taken })
  t.after(() => door.shut())
  return door
}

async function flow({ dialer }: Loopback, t: TestContext): Promise<Echoed> {
  const echoed = new Echoed(await dialer.dial('echo', 7))
  t.after(() => echoed.end())
  return echoed
}

/** A way to a port on which everything can be made to stand still; new connections too. */
async function stallable(t: TestContext, port: number): Promise<{ address: string; stall(): void }> {
  const sockets: Socket[] = []
  let isStalled = false
  const server = createServer((near) => {
    sockets.push(near.on('error', () => {}))
    if (isStalled) return
    const far = connect(port, '127.0.0.1').on('error', () => {})
    sockets.push(far)
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stall() {
      isStalled = true
      for (const socket of sockets) socket.unpipe().pause()
    },
  }
}

describe('the carrier', () => {
  it('goes by tcp where a manager answers there, and the port-forward that was begun is ended', async (t) => {
    const loopback = await start(t)
    const door = await loopback.door()
    const ended = Promise.withResolvers<void>()
    loopback.forward = (_pod, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          ended.resolve()
          reject(signal.reason)
        })
      })
    loopback.connect([door.address])
    await loopback.carriedBy('tcp')
    await ended.promise
    assert.equal(loopback.keeper.carrier?.pod, 'remocal-manager-0')
    assert.equal(loopback.carriers, 1)
  })

  it('goes by port-forward at once while tcp leads to somebody who never answers', async (t) => {
    const loopback = await start(t)
    const doors = [await mute(t), await mute(t)]
    loopback.connect(doors.map(({ address }) => address))
    await loopback.carriedBy('port-forward')
    // Nobody has given up on tcp yet.
    assert.equal(loopback.keeper.hasTriedAll, false)
    assert.equal(loopback.forwards, 1)
  })

  it('goes by the address that answers when others do not, and does not believe who is no manager of the installation', async (t) => {
    const loopback = await start(t)
    const stranger = await start(t)
    const [silent, wrong, right] = [await mute(t), await stranger.door(), await loopback.door()]
    loopback.forward = (_pod, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    loopback.connect([wrong.address, silent.address, right.address])
    await loopback.carriedBy('tcp')
    assert.deepEqual([loopback.carriers, stranger.carriers], [1, 0])
  })

  it('goes over to tcp as soon as a manager says where, without a break, and the port-forward is closed', async (t) => {
    const loopback = await start(t)
    loopback.connect([])
    await loopback.carriedBy('port-forward')
    const echoed = await flow(loopback, t)
    await echoed.more(MEGABYTE)
    const door = await loopback.door()
    loopback.tell([door.address])
    await loopback.carriedBy('tcp')
    await echoed.more(MEGABYTE)
    await loopback.carriersLeft(1)
    await echoed.more(4 * MEGABYTE)
    assert.equal(loopback.keeper.carrier?.kind, 'tcp')
  })

  it('falls back to port-forward when tcp dies, comes back when it lives, and flows go on each time', async (t) => {
    const loopback = await start(t)
    const first = await loopback.door()
    loopback.connect([first.address])
    await loopback.carriedBy('tcp')
    const echoed = await flow(loopback, t)
    await echoed.more(MEGABYTE)
    await first.shut()
    await loopback.carriedBy('port-forward')
    await echoed.more(MEGABYTE)
    const second = await loopback.door()
    loopback.tell([second.address])
    await loopback.carriedBy('tcp')
    await echoed.more(MEGABYTE)
  })

  it('is replaced while it is silent, before it is known to be dead, and flows go on', async (t) => {
    const loopback = await start(t)
    const door = await loopback.door()
    const cable = await stallable(t, door.port)
    loopback.connect([cable.address])
    await loopback.carriedBy('tcp')
    const echoed = await flow(loopback, t)
    await echoed.more(MEGABYTE)
    const before = loopback.keeper.carrier
    let isOver = false
    void before?.closed.then(() => {
      isOver = true
    })
    cable.stall()
    await loopback.carriedBy('port-forward')
    assert.equal(isOver, false)
    await echoed.more(MEGABYTE)
  })

  it('goes back to port-forward when managers are reached from outside no more', async (t) => {
    const loopback = await start(t)
    const door = await loopback.door()
    loopback.connect([door.address])
    await loopback.carriedBy('tcp')
    const echoed = await flow(loopback, t)
    await echoed.more(MEGABYTE)
    loopback.tell([])
    await loopback.carriedBy('port-forward')
    await loopback.carriersLeft(1)
    await echoed.more(MEGABYTE)
  })

  it('is not looked for as fast as can be when each breaks at once', async (t) => {
    const loopback = await start(t)
    const forward = loopback.forward
    loopback.forward = async (pod, signal) => {
      const carrier = await forward(pod, signal)
      setImmediate(() => carrier.close())
      return carrier
    }
    loopback.connect([])
    await new Promise((resolve) => setTimeout(resolve, 1500))
    assert.ok(loopback.forwards >= 3 && loopback.forwards <= 8, `${loopback.forwards} in 1.5 s`)
  })

  it('tries tcp again when the network has changed', async (t) => {
    const loopback = await start(t)
    const door = await loopback.door()
    const { port } = door
    await door.shut()
    loopback.connect([`127.0.0.1:${port}`])
    await loopback.carriedBy('port-forward')
    const back = createServer().listen(port, '127.0.0.1')
    await once(back, 'listening')
    const asked = once(back, 'connection')
    loopback.keeper.networkChanged()
    const [socket] = (await asked) as [Socket]
    socket.destroy()
    back.close()
    assert.equal(loopback.keeper.carrier?.kind, 'port-forward')
  })

  it('leaves nothing open when it is closed, whatever is under way', async (t) => {
    const loopback = await start(t)
    const silent = await mute(t)
    loopback.connect([silent.address])
    await loopback.carriedBy('port-forward')
    if (silent.taken.length === 0) await once(silent.server, 'connection')
    const [socket] = silent.taken
    const over = socket && once(socket.resume(), 'close')
    await loopback.keeper.close()
    await loopback.carriersLeft(0)
    await over
    assert.equal(loopback.keeper.carrier, undefined)
  })
})
