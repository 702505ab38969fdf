/** The wire's figures on a real cluster, with laptops behind the kit's cables. */
import type { Figure } from '../../lib/figure.ts'
import { filled, lossy, small } from './filled.ts'
import { withSite } from './site.ts'
import { throughApi } from './through-api.ts'

/** One way, in milliseconds. */
const DELAYS = [10, 25]

export function measureOnCluster(say: (line: string) => void): Promise<Figure[]> {
  return withSite(say, async (site) => {
    const figures = [...(await throughApi(site, site.near, 0)), ...(await small(site, 0, '0 ms'))]
    for (const delayMs of DELAYS) {
      await site.far.cable.wire(delayMs, 0, 0)
      figures.push(...(await throughApi(site, site.far, 2 * delayMs)))
    }
    figures.push(...(await filled(site)), ...(await lossy(site)))
    return figures
  })
}
