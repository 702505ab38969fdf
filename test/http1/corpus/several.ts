/** What only the agent does: requests of one connection that go to different servers, and heads that are too large. */
import type { Place } from '../../peers/place.ts'
import { sendRaw } from './raw.ts'

const DATE = /^date: .*$/gim
const asked = (path: string, user: string, last: boolean): string =>
  `GET ${path} HTTP/1.1\r\nHost: orders\r\n${user === '' ? '' : `X-User: ${user}\r\n`}${last ? 'Connection: close\r\n' : ''}\r\n`

export const SEVERAL: Record<string, (place: Place) => Promise<string | undefined>> = {
  /** The answers are those that each server gives on a connection of its own, in the order of the requests. */
  async alternating(place) {
    const users = ['', 'jane', '', '', 'jane', 'jane', '', 'jane']
    const last = users.length - 1
    const all = (user: string | undefined): string =>
      users.map((one, at) => (user === undefined || one === user ? asked(`/${at}`, one, at === last) : '')).join('')
    const one = await sendRaw(place.agent.port, all(undefined))
    const [app, laptop] = place.direct
    // The app's last request closes its connection only here.
    const apps = await sendRaw(app, all('').replace(/\r\n\r\n$/, '\r\nConnection: close\r\n\r\n'))
    const laptops = await sendRaw(laptop, all('jane'))
    const marks = (text: string): string[] => [...text.matchAll(/<<.*>>/g)].map(([mark]) => mark)
    if (marks(one).join() !== users.map((_, at) => `<<GET /${at} 0>>`).join())
      return `it was answered ${JSON.stringify(one)}`
    const answers = (text: string): string[] => text.replace(DATE, '').split(/(?=HTTP\/1\.1 )/)
    const [fromApp, fromLaptop] = [answers(apps), answers(laptops)]
    const wanted = users.map((user) => (user === '' ? fromApp.shift() : fromLaptop.shift()) ?? '')
    const got = answers(one)
    // Only the connection's own last answer says that it closes.
    const open = (text: string | undefined): string => (text ?? '').replace(/^(connection|keep-alive): .*\r\n/gim, '')
    const wrong = wanted.findIndex((text, at) => open(text) !== open(got[at]))
    return wrong < 0
      ? undefined
      : `answer ${wrong} is ${JSON.stringify(got[wrong])} instead of ${JSON.stringify(wanted[wrong])}`
  },
  async 'too-large'(place) {
    const head = `GET /a HTTP/1.1\r\nHost: orders\r\n${`X: ${'y'.repeat(8000)}\r\n`.repeat(9)}\r\n`
    const answer = await sendRaw(place.agent.port, head)
    return /^HTTP\/1\.1 431 [\s\S]*x-remocal-error: RC-E-320/.test(answer)
      ? undefined
      : JSON.stringify(answer.slice(0, 300))
  },
}
