/** A row of a corpus: the cases that a client and a kind of server both can do, for one user. */
import type { Client } from './client.ts'
import type { Kind } from './kind.ts'

export interface Row {
  name: string
  client: Client
  cases: string[]
  /** `jane`, whose requests go to the laptop, or empty. */
  user: string
}

/** @param only a part of the name. @returns those that last longest first */
export function rowsOf(clients: Client[], kind: Kind, only: string): Row[] {
  const rows = clients.flatMap((client) => {
    const cases = [...client.cases].filter((name) => kind.cases.has(name))
    const together = client.apart === true ? cases.map((one) => [one]) : [cases]
    const users = client.appOnly === true ? [''] : ['', 'jane']
    return together.flatMap((some) => users.map((user) => rowOf(client, kind, some, user)))
  })
  return rows
    .filter(({ name, cases }) => cases.length > 0 && name.includes(only))
    .sort((one, other) => Number(other.client.waits === true) - Number(one.client.waits === true))
}

function rowOf(client: Client, kind: Kind, cases: string[], user: string): Row {
  const name = `${client.name} → ${kind.name} (${user === '' ? 'app' : 'laptop'}): ${cases.join(' ')}`
  return { name, client, cases, user }
}
