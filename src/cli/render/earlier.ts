/** What is said of connections that were open before an attachment began. */
import type { EarlierConnections } from '../../lib/daemon-api.ts'

export function earlierText({ connections, ends, wished }: EarlierConnections): string {
  const one = connections === 1
  const past = `${connections} ${one ? 'connection' : 'connections'} from before ${one ? 'goes' : 'go'} past the agent`
  const when = `when ${one ? 'it is' : 'they are'} quiet`
  if (ends) return `${past}, and ${one ? 'is' : 'are'} ended ${when}`
  return wished ? past : `${past}; --reopen ends ${one ? 'it' : 'them'} ${when}`
}
