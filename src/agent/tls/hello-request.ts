/** The beginning of a connection as filters see it that is no request: nothing is there but the server name. */
import type { FilterRequest } from '../../lib/filter/request.ts'

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
