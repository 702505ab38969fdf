/** The beginning of a connection as filters see it that is no request: nothing is there but the server name. */
import type { FilterRequest } from '../../lib/filter/request.ts'
import type { ClientHello } from './client-hello.ts'

const NOTHING: FilterRequest = {
  method: '',
  bytes: 0,
  path: '',
  host: '',
  scheme: 'http',
  isSecure: false,
  sni: '',
  marks: [],
  source: { ip: '', pod: '', namespace: '' },
  body: undefined,
  claims: undefined,
  header: () => '',
  query: () => '',
  cookie: () => '',
  headers: new Map(),
  queries: new Map(),
  cookies: new Map(),
}

/** @param about undefined: not TLS */
export function helloRequest(about: { readonly servername: string } | undefined): FilterRequest {
  return about === undefined ? NOTHING : { ...NOTHING, scheme: 'https', isSecure: true, sni: about.servername }
}

/** Whether HTTP may follow: who names protocols speaks one of them. */
export function mayHoldRequests({ protocols }: ClientHello): boolean {
  return protocols.length === 0 || protocols.some((name) => name === 'h2' || name.startsWith('http/'))
}
