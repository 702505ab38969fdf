/**
 * `node test/http1/smuggling.ts`: requests that two readers could take for different ones, through the agent and directly, against real
 * servers. Each is refused by the agent, or the server reads the same requests as the agent. Prints one table; exit code 79 when not.
 */
import { type Agent, startAgent } from '../peers/agent.ts'
import type { Started } from '../peers/started.ts'
import { haproxyAlone, nginxAlone, startGo, startNode, startTomcat } from './servers/applications.ts'
import { CHUNKS } from './smuggling/chunks.ts'
import { CODINGS } from './smuggling/codings.ts'
import { exchange } from './smuggling/exchange.ts'
import { HEADS } from './smuggling/heads.ts'
import { LENGTHS } from './smuggling/lengths.ts'
import type { Row } from './smuggling/row.ts'
import { disagreement, ofAgent, ofServer, type Runs } from './smuggling/verdict.ts'

const SERVERS: Record<string, () => Promise<Started>> = {
  nginx: nginxAlone,
  haproxy: haproxyAlone,
  node: () => startNode('node'),
  go: () => startGo('go'),
  tomcat: () => startTomcat('tomcat'),
}
const ROWS: Row[] = [...LENGTHS, ...CODINGS, ...CHUNKS, ...HEADS]
/** So that the agent reads what comes as HTTP, whatever it looks like. */
const FIRST = 'GET /first HTTP/1.1\r\nHost: x\r\n\r\n'

interface Result {
  agent: string
  server: string
  problems: string[]
}

/** Each row twice: on a connection of its own, and behind another request. */
async function against(server: Started): Promise<Result[]> {
  const agent = await startAgent(server.port, server.port)
  const results: Result[] = []
  try {
    for (const row of ROWS) {
      const behind = await runs(agent, server, FIRST + row.bytes, 1)
      const alone = await runs(agent, server, row.bytes, 0)
      const problems = [disagreement(row, alone), disagreement(row, behind)].filter((one) => one !== undefined)
      const said = [...new Set([ofAgent(alone), ofAgent(behind)])].join(', ')
      results.push({ agent: said, server: ofServer(alone), problems })
    }
  } finally {
    await agent.close()
  }
  return results
}

async function runs(agent: Agent, server: Started, bytes: string, before: number): Promise<Runs> {
  const direct = await exchange(server.port, bytes)
  agent.decided.length = 0
  const earlier = agent.refused
  const through = await exchange(agent.port, bytes)
  return { decided: [...agent.decided], before, refused: agent.refused > earlier, through, direct }
}

function line(cells: string[]): string {
  const widths = [62, 20, 34, 12, 12, 12, 12, 12]
  return `${cells
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join(' ')
    .trimEnd()}\n`
}

const names = Object.keys(SERVERS)
const servers = await Promise.all(Object.values(SERVERS).map((start) => start()))
try {
  const results = await Promise.all(servers.map(against))
  process.stdout.write(line(['REQUEST', 'SOURCE', 'AGENT', ...names]))
  let wrong = 0
  for (const [at, { name, source, unread }] of ROWS.entries()) {
    const of = results.map((list) => list[at])
    const agents = [...new Set(of.map((result) => result?.agent ?? ''))]
    process.stdout.write(line([name, source, agents.join(' / '), ...of.map((result) => result?.server ?? '')]))
    if (unread !== undefined) process.stdout.write(`  unread: ${unread}\n`)
    for (const [index, result] of of.entries()) {
      for (const problem of result?.problems ?? []) {
        wrong++
        process.stdout.write(`  WRONG ${names[index]}: ${problem}\n`)
      }
    }
  }
  process.stdout.write(
    `${ROWS.length} requests, ${names.length} servers: ${wrong === 0 ? 'no disagreement' : `${wrong} wrong`}\n`,
  )
  process.exitCode = wrong === 0 ? 0 : 79
} finally {
  await Promise.all(servers.map((server) => server.close()))
}
