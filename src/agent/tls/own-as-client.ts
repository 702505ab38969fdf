/** Whether an app's own certificate is one for its clients too, where the app does not say so in its handshake (RFC 5280 §4.2.1.12, §6.1). */
import type { X509Certificate } from 'node:crypto'

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const ANY_PURPOSE = '2.5.29.37.0'
/** Certificates between an app's and its authority's. */
const MAX_STEPS = 8

/**
 * @param chain the app's certificate, then those that it serves beside it
 * @param authorities that the app verifies its clients by
 */
export function isClientToo(chain: readonly X509Certificate[], authorities: readonly X509Certificate[]): boolean {
  const [own, ...between] = chain
  // Node's `keyUsage` is the extended one.
  const purposes = own?.keyUsage as string[] | undefined
  if (purposes !== undefined && !purposes.some((one) => one === CLIENT_AUTH || one === ANY_PURPOSE)) return false
  let one = own
  for (let step = 0; one !== undefined && step < MAX_STEPS; step++) {
    const below = one
    if (authorities.some((authority) => signed(authority, below))) return true
    one = between.find((other) => other !== below && signed(other, below))
  }
  return false
}

function signed(authority: X509Certificate, below: X509Certificate): boolean {
  return below.checkIssued(authority) && below.verify(authority.publicKey)
}
