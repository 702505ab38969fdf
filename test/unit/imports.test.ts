/** Imports go one way (ARCHITECTURE.md): roles → wire, kube, diagnose, lib; wire and lib import nothing above themselves. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

const ROLES = ['cli', 'daemon', 'netd', 'runner', 'manager', 'agent', 'sandbox']
const MAY: Record<string, string[]> = {
  lib: ['lib'],
  wire: ['wire', 'lib'],
  diagnose: ['diagnose', 'lib'],
  kube: ['kube', 'wire', 'diagnose', 'lib'],
  net: ['net', 'wire', 'diagnose', 'lib'],
  agent: ['agent', 'wire', 'diagnose', 'lib'],
}
for (const role of ROLES) MAY[role] ??= [role, 'net', 'kube', 'wire', 'diagnose', 'lib']

/** Folders of `src` that `file` imports statically, with what it says. */
function imports(file: string): { folder: string; specifier: string }[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^(?:import|export)\s[^'"]*?from\s*'(\.[^']*)'/gms)].map((match) => {
    const specifier = match[1] ?? ''
    const path = normalize(join(dirname(file), specifier))
    return { folder: path.split('/')[1] ?? '', specifier }
  })
}

for (const folder of Object.keys(MAY)) {
  test(`src/${folder} imports only ${MAY[folder]?.join(', ')}`, () => {
    for (const file of globSync(`src/${folder}/**/*.ts`)) {
      for (const { folder: target, specifier } of imports(file)) {
        if (specifier.endsWith('/package.json')) continue
        assert.ok(MAY[folder]?.includes(target), `${file} imports ${specifier}`)
      }
    }
  })
}

test('the Kubernetes client library is imported only by src/kube', () => {
  for (const file of globSync('src/**/*.ts')) {
    if (file.startsWith('src/kube/')) continue
    assert.doesNotMatch(readFileSync(file, 'utf8'), /from '@kubernetes\/client-node'/, file)
  }
})
