/** Writes an OCI image archive (OCI image-spec 1.1, image layout in a tar) with one gzip layer. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { type Entry, tar } from './tar.ts'

export interface Image {
  /** `remocal:dev`; archives carry it as `docker.io/library/remocal:dev`. */
  tag: string
  entries: Entry[]
  entrypoint: string[]
  command?: string[]
  workingDir?: string
  user?: string
  env?: Record<string, string>
}

const MEDIA = 'application/vnd.oci.image'
const ARCHITECTURES: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }

/** Writes `image` to `path`. Returns the compressed size of the layer in bytes. */
export function writeImage(path: string, image: Image): number {
  const layer = Buffer.concat([...tar(image.entries)])
  const zipped = gzipSync(layer, { level: 6 })
  const config = json({
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config: {
      Entrypoint: image.entrypoint,
      Cmd: image.command ?? [],
      Env: Object.entries({ PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...image.env }).map(
        ([name, value]) => `${name}=${value}`,
      ),
      WorkingDir: image.workingDir ?? '/',
      User: image.user ?? '',
    },
    rootfs: { type: 'layers', diff_ids: [digest(layer)] },
  })
  const manifest = json({
    schemaVersion: 2,
    mediaType: `${MEDIA}.manifest.v1+json`,
    config: { mediaType: `${MEDIA}.config.v1+json`, digest: digest(config), size: config.length },
    layers: [{ mediaType: `${MEDIA}.layer.v1.tar+gzip`, digest: digest(zipped), size: zipped.length }],
  })
  const index = json({
    schemaVersion: 2,
    mediaType: `${MEDIA}.index.v1+json`,
    manifests: [
      {
        mediaType: `${MEDIA}.manifest.v1+json`,
        digest: digest(manifest),
        size: manifest.length,
        annotations: {
          'io.containerd.image.name': `docker.io/library/${image.tag}`,
          'org.opencontainers.image.ref.name': image.tag.split(':')[1] ?? 'latest',
        },
      },
    ],
  })
  const blob = (data: Buffer): Entry => ({
    kind: 'file',
    path: `blobs/sha256/${digest(data).slice(7)}`,
    mode: 0o644,
    data,
  })
  const file = (name: string, data: Buffer): Entry => ({ kind: 'file', path: name, mode: 0o644, data })
  const archive = tar([
    file('oci-layout', json({ imageLayoutVersion: '1.0.0' })),
    file('index.json', index),
    { kind: 'folder', path: 'blobs', mode: 0o755 },
    { kind: 'folder', path: 'blobs/sha256', mode: 0o755 },
    ...[config, manifest, zipped].map(blob),
  ])
  writeFileSync(path, Buffer.concat([...archive]))
  return zipped.length
}

function digest(data: Buffer): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
