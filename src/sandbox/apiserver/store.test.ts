import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from './status.ts'
import { type Change, Store, type Stored } from './store.ts'

function configMap(name: string, rest: object = {}): Stored {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' }, ...rest }
}

function refuses(code: number): (error: unknown) => boolean {
  return (error) => error instanceof StatusError && error.code === code
}

test('store: an update that names an old version is refused with 409', () => {
  const store = new Store()
  const first = store.create('configmaps', configMap('a'))
  store.update('configmaps', { ...first, data: { x: '1' } })
  assert.throws(() => store.update('configmaps', { ...first, data: { x: '2' } }), refuses(409))
  assert.deepEqual(store.get('configmaps', 'shop', 'a').data, { x: '1' })
})

test('store: the generation grows with the content only, whatever the order of fields', () => {
  const store = new Store()
  const spec = { replicas: 1, selector: { matchLabels: { a: 'b' } } }
  const { generation } = store.create('deployments.apps', { ...configMap('a'), spec }).metadata
  const generationOf = (change: (object: Stored) => void): number | undefined =>
    store.edit('deployments.apps', 'shop', 'a', change)?.metadata.generation
  assert.equal(generation, 1)
  assert.equal(
    generationOf((one) => {
      one.status = { replicas: 1 }
    }),
    1,
  )
  assert.equal(
    generationOf((one) => {
      one.metadata.labels = { x: 'y' }
    }),
    1,
  )
  assert.equal(
    generationOf((one) => {
      one.spec = { selector: one.spec.selector, replicas: 1 }
    }),
    1,
  )
  assert.equal(
    generationOf((one) => {
      one.spec.replicas = 2
    }),
    2,
  )
})

test('store: an update that changes nothing is no change', () => {
  const store = new Store()
  const before = store.create('configmaps', configMap('a', { data: { x: '1', y: '2' } }))
  const changes: Change[] = []
  store.subscribe((change) => void changes.push(change))
  store.update('configmaps', { ...before, data: { y: '2', x: '1', z: undefined } })
  assert.equal(changes.length, 0)
  assert.equal(store.version, Number(before.metadata.resourceVersion))
})

test('store: an object with a finalizer stays until the finalizer is gone', () => {
  const store = new Store()
  const made = configMap('a')
  store.create('configmaps', { ...made, metadata: { ...made.metadata, finalizers: ['x/y'] } })
  store.delete('configmaps', 'shop', 'a')
  assert.notEqual(store.get('configmaps', 'shop', 'a').metadata.deletionTimestamp, undefined)
  const types: string[] = []
  store.subscribe(({ type }) => void types.push(type))
  store.edit('configmaps', 'shop', 'a', (one) => {
    one.metadata.finalizers = []
  })
  assert.deepEqual(types, ['DELETED'])
  assert.equal(store.find('configmaps', 'shop', 'a'), undefined)
})

test('store: a name is made from generateName, and is another each time', () => {
  const store = new Store()
  const make = (): string =>
    store.create('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generateName: 'web-', namespace: 'shop' } as Stored['metadata'],
    }).metadata.name
  const [one, two] = [make(), make()]
  assert.match(one, /^web-[a-z0-9]{5}$/)
  assert.notEqual(one, two)
})

test('store: a second object of the name is refused with 409, of another namespace it is another object', () => {
  const store = new Store()
  store.create('configmaps', configMap('a'))
  assert.throws(() => store.create('configmaps', configMap('a')), refuses(409))
  const other = configMap('a')
  other.metadata.namespace = 'other'
  assert.notEqual(store.create('configmaps', other).metadata.uid, store.get('configmaps', 'shop', 'a').metadata.uid)
})

test('store: changes since a version are told in order; a version that is forgotten or not yet there is 410', () => {
  const store = new Store()
  const start = store.version
  store.create('configmaps', configMap('a'))
  store.edit('configmaps', 'shop', 'a', (one) => {
    one.data = { x: '1' }
  })
  store.delete('configmaps', 'shop', 'a')
  assert.deepEqual(
    store.since(start).map(({ type }) => type),
    ['ADDED', 'MODIFIED', 'DELETED'],
  )
  assert.throws(() => store.since(store.version + 1), refuses(410))
  store.create('configmaps', configMap('busy'))
  for (let count = 0; count < 10_001; count++) {
    store.edit('configmaps', 'shop', 'busy', (one) => {
      one.data = { count: String(count) }
    })
  }
  assert.throws(() => store.since(start), refuses(410))
})
