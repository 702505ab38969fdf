/** Octets of a host with its port (RFC 3986 §3.2.2, §3.2.3): no user information, which RFC 9113 §8.3.1 forbids. */
const AUTHORITY = /^[A-Za-z0-9\-._~!$&'()*+,;=%:[\]]*$/

/** @param authority a host with or without its port; empty ones too */
export function isAuthority(authority: string): boolean {
  return AUTHORITY.test(authority)
}
