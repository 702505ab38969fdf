/** Which requests a wiretap copies, in words. */
import type { WiretapShare } from '../../lib/daemon-api.ts'

/** @param filter as `filter-text.ts` shows it; empty for everything */
export function shareText({ percent, maxRps }: WiretapShare, filter: string): string {
  const share = percent === 100 ? '' : `${percent}% of `
  const rate = maxRps === undefined ? '' : `, at most ${maxRps} a second`
  return `${share}${filter === '' ? 'all requests' : `requests with ${filter}`}${rate}`
}
