/** Which addresses the dialer connects to. */
import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

/** Never, whatever the config says: this host, unspecified, link-local (clouds' metadata), multicast, and EC2's metadata by IPv6. */
const NEVER = blockList([
  '127.0.0.0/8',
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '::1/128',
  '::/128',
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::254/128',
])

export type Verdict = 'inside' | 'outside' | 'forbidden'

export class Networks {
  #inside: BlockList
  #denied: BlockList

  constructor() {
    this.#inside = new BlockList()
    this.#denied = new BlockList()
  }

  /**
   * @param cidrs the cluster's own networks
   * @param denied addresses in them that are not dialled, beside those of the dialer itself
   */
  set(cidrs: string[], denied: string[]): void {
    const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
    this.#inside = blockList(cidrs)
    this.#denied = blockList([...denied, ...own])
  }

  /** @param address as a resolver or a laptop gives it; one with a zone is link-local */
  verdict(address: string): Verdict {
    if (isIP(address) === 0 || address.includes('%')) return 'forbidden'
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (NEVER.check(address, family) || this.#denied.check(address, family)) return 'forbidden'
    return this.#inside.check(address, family) ? 'inside' : 'outside'
  }
}

/** Entries that cannot be read are left out: they come from objects that anybody may have written. */
function blockList(entries: string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', length] = entry.split('/')
    const version = isIP(address)
    if (version === 0) continue
    const most = version === 6 ? 128 : 32
    const bits = length === undefined ? most : Number(length)
    if (Number.isInteger(bits) && bits >= 0 && bits <= most)
      list.addSubnet(address, bits, version === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
