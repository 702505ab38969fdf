/** What is said of requests that nobody on this laptop answers. */
import { looksInside } from '../../lib/filter/looks-inside.ts'
import type { Kind } from './attach.ts'

/**
 * Of an intercept. A connection that is taken whole and not read has no answer in HTTP.
 * @param filter undefined: the caller's mark
 * @param ifDown who answers them: the app, or the agent with an error
 */
export function unheardBy(filter: string | undefined, ifDown: 'app' | 'error'): Pick<Kind, 'unheard' | 'unused'> {
  const takesConnections = filter !== undefined && !looksInside(filter)
  const came = takesConnections ? 'a request or a connection' : 'a request'
  const these = takesConnections ? 'these requests and connections' : 'these requests'
  if (ifDown === 'app') {
    return {
      unheard: (what) => `RC-E-311: ${came} came, but ${what}: it went to the app`,
      unused: (what) => `RC-E-311: ${what}; until something does, ${these} go to the app`,
    }
  }
  const [was, are] = takesConnections
    ? [', or reset if it is not read', ', and connections that are not read are reset']
    : ['', '']
  return {
    unheard: (what) => `RC-E-311: ${came} came, but ${what}: it was answered with 503${was}`,
    unused: (what) => `RC-E-311: ${what}; until something does, these requests are answered with 503${are}`,
  }
}
