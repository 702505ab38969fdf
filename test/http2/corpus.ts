/**
 * `node test/http2/corpus.ts [--allow-missing] [--only TEXT]`: real clients and servers of HTTP/2 and gRPC, directly and through the agent, to the app
 * and to a laptop: what they say and what both ends see must be the same. Exit code 79 when it is not, 69 when something cannot be had here.
 */
import { corpus } from '../peers/corpus.ts'
import { CLIENTS } from './corpus/clients.ts'
import { difference } from './corpus/difference.ts'
import { KINDS } from './corpus/servers.ts'
import { SEVERAL } from './corpus/several.ts'

await corpus({ clients: CLIENTS, kinds: KINDS, difference, several: SEVERAL })
