/** One run of the privileged program that ends connections: from the agent's first order until it says `end`, or is gone. */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import * as v from 'valibot'
import { EndQuiet } from './end-quiet.ts'
import { type News, orderSchema } from './orders.ts'
import { SockDiag } from './sock-diag.ts'
import { takenPorts } from './taken-ports.ts'

const LOOK_MS = 500

/** @param table the agent's nft table. Reads orders from stdin, writes news to stdout. */
export async function endEarlier(table: string): Promise<void> {
  const orders = createInterface({ input: process.stdin })
  let run: EndQuiet | undefined
  let timer: NodeJS.Timeout | undefined
  const attempt = (work: () => void): void => {
    try {
      work()
    } catch (error) {
      // It will not be otherwise the next time. What waits now is the agent's word that the run is over.
      clearInterval(timer)
      tell({ problem: (error as Error).message })
    }
  }
  const begin = (): EndQuiet => {
    const diag = new SockDiag()
    timer = setInterval(() => attempt(look), LOOK_MS)
    return new EndQuiet({ diag, taken: () => takenPorts(table) })
  }
  const look = (): void => {
    const ended = run?.look() ?? 0
    if (ended > 0) tell({ ended })
  }
  for await (const line of orders) {
    const order = v.parse(orderSchema, JSON.parse(line))
    if ('end' in order) break
    attempt(() => {
      run ??= begin()
      run.want(order.connections)
    })
  }
  clearInterval(timer)
  process.stdin.destroy()
}

function tell(news: News): void {
  writeSync(1, `${JSON.stringify(news)}\n`)
}
