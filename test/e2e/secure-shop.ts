/** A workload that speaks TLS by a Secret in a volume, and clients inside the cluster that verify it. */
import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/resources.ts'
import { type Certificate, createAuthority, createCertificate } from '../../src/wire/session/authority.ts'
import { ClientPod, scriptContainer } from './client-pod.ts'
import { apply } from './manifests.ts'

const SERVER = `
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
const read = (name) => readFileSync('/var/tls/' + name)
const verifying = process.env.VERIFY ? { ca: read('ca.crt'), requestCert: true, rejectUnauthorized: true } : {}
createServer({ cert: read('tls.crt'), key: read('tls.key'), ...verifying }, (request, response) => {
  const { CN = 'nobody' } = request.socket.getPeerCertificate()?.subject ?? {}
  response.end('app for ' + CN)
}).listen(8443)
`

/** Asks each of ASKED once, on a connection of its own; prints for each who answered and by which certificate. */
const CLIENT = `
import { request } from 'node:https'
const { url, ca, cert, key, asked } = JSON.parse(process.env.ASKED)
const ask = (headers) => new Promise((resolve) => {
  const one = request(url, { headers, ca, cert, key, agent: false, timeout: 10000 }, async (response) => {
    const subject = response.socket.getPeerCertificate().subject.CN
    let body = ''
    for await (const text of response.setEncoding('utf8')) body += text
    resolve(body.trim() + ' by ' + subject)
  })
  one.on('error', (error) => resolve('failed: ' + (error.code ?? error.message))).on('timeout', () => one.destroy(new Error('timeout'))).end()
})
const answers = []
for (const headers of asked) answers.push(await ask(headers))
console.log('RESULT ' + JSON.stringify(answers))
`

const path = ({ apiVersion, kind, metadata }: KubeObject): Parameters<KubeClient['get']>[0] => ({
  apiVersion,
  kind,
  namespace: metadata.namespace,
  name: metadata.name,
})

interface SecureApp {
  /** It asks its clients for certificates of the same authority. */
  verifies?: boolean
  /** An ES module that listens on port 8443; its certificate is in `/var/tls`. */
  script?: string
  settings?: Record<string, string>
}

export class SecureShop {
  readonly authority: Certificate = createAuthority('e2e')
  readonly #client: KubeClient
  readonly #objects: KubeObject[] = []
  readonly #pods: ClientPod[] = []

  constructor(client: KubeClient) {
    this.#client = client
  }

  /** A Deployment and a Service on port 443. */
  async add(name: string, { verifies = false, script = SERVER, settings = {} }: SecureApp = {}): Promise<void> {
    const { cert, key } = createCertificate(this.authority, name, { hosts: [name] })
    const metadata = { name, namespace: 'shop' }
    const labels = { app: name }
    const container = {
      ...scriptContainer(script, { ...settings, ...(verifies && { VERIFY: '1' }) }),
      name: 'app',
      ports: [{ containerPort: 8443 }],
      readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
      volumeMounts: [{ name: 'tls', mountPath: '/var/tls', readOnly: true }],
    }
    const spec = {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          // Node does not end by SIGTERM as the first process of a pod, and who comes next waits until it is gone.
          terminationGracePeriodSeconds: 1,
          containers: [container],
          volumes: [{ name: 'tls', secret: { secretName: name } }],
        },
      },
    }
    const secret = { 'tls.crt': cert, 'tls.key': key, 'ca.crt': this.authority.cert }
    const objects = [
      { apiVersion: 'v1', kind: 'Secret', metadata, stringData: secret },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { selector: labels, ports: [{ port: 443, targetPort: 8443 }] },
      },
    ]
    this.#objects.push(...objects)
    await apply(this.#client, objects)
  }

  /** @param asked headers of each request @param who shows a certificate of the authority with this name */
  async ask(name: string, asked: Record<string, string>[], who?: string): Promise<string[]> {
    const pod = new ClientPod(this.#client, 'shop')
    this.#pods.push(pod)
    const own = who === undefined ? undefined : createCertificate(this.authority, who, {})
    const settings = { url: `https://${name}/`, ca: this.authority.cert, cert: own?.cert, key: own?.key, asked }
    await pod.start(CLIENT, { ASKED: JSON.stringify(settings) })
    return JSON.parse((await pod.printed(/RESULT (.*)/))[1] ?? '') as string[]
  }

  async end(): Promise<void> {
    await Promise.all(this.#pods.map((pod) => pod.end()))
    for (const object of this.#objects) await this.#client.delete(path(object))
  }
}
