/** Sends requests from inside the cluster, through the Service `web`, with and without the personal header. */
import { type ShellOptions, show } from './shell.ts'

export interface Answer {
  marked: boolean
  status: number
  /** Who answered as `web`, and whom that asked. */
  web: string
  orders: string
  stock: string
}

interface Hop {
  service: string
  host: string
  via: Hop[]
}

export async function askThrough({
  mark,
  count,
  ...shell
}: ShellOptions & { mark: string; count: number }): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const marked of [true, false]) {
    const header = marked ? `-H 'x-remocal: ${mark}' ` : ''
    const urls = Array.from({ length: count }, () => 'http://web/').join(' ')
    const line = `bin/remocal run -n shop -- node scripts/demo/get.js ${header}${urls}`
    const { output, code } = await show(line, { ...shell, quiet: true })
    if (code !== 0) throw new Error(`the requests could not be sent: ${output}`)
    for (const text of output.trim().split('\n')) {
      const { status, body } = JSON.parse(text) as { status: number; body: Hop }
      const hops = flat(body)
      answers.push({ marked, status, web: body.host, orders: hostOf(hops, 'orders'), stock: hostOf(hops, 'stock') })
    }
  }
  return answers
}

function flat(hop: Hop): Hop[] {
  return [hop, ...(hop.via ?? []).flatMap(flat)]
}

function hostOf(hops: Hop[], service: string): string {
  return hops.find((hop) => hop.service === service)?.host ?? '?'
}
