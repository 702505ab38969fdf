/** What only the agent does: streams of one connection that go to different servers, and what the laptop's program declines. */
import { once } from 'node:events'
import http2 from 'node:http2'
import type { Place } from '../../peers/place.ts'

const STREAMS = 500
const USERS = ['', 'jane', '', '', 'jane', 'jane']

/** @returns who answered, and what */
async function asked(session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders): Promise<string> {
  const stream = session.request({ ':path': '/echo', ':method': 'POST', ...headers })
  const answered = once(stream, 'response')
  stream.end('hello')
  const [head] = (await answered) as [http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader]
  const body = Buffer.concat(await stream.toArray())
  return `${head[':status']} ${head['x-name']} ${body}`
}

async function onOneConnection(
  place: Place,
  wanted: { headers: http2.OutgoingHttpHeaders; answer: string }[],
): Promise<string | undefined> {
  const session = http2.connect(`http://127.0.0.1:${place.agent.port}`)
  try {
    const answers = await Promise.all(wanted.map(({ headers }) => asked(session, headers)))
    const wrong = wanted.findIndex(({ answer }, at) => answer !== answers[at])
    return wrong < 0 ? undefined : `answer ${wrong} is "${answers[wrong]}" instead of "${wanted[wrong]?.answer}"`
  } finally {
    session.close()
  }
}

export const SEVERAL: Record<string, (place: Place) => Promise<string | undefined>> = {
  alternating: (place) =>
    onOneConnection(
      place,
      Array.from({ length: STREAMS }, (_, at) => {
        const user = USERS[at % USERS.length] ?? ''
        return user === ''
          ? { headers: {}, answer: '200 app hello' }
          : { headers: { 'x-user': user }, answer: '200 laptop hello' }
      }),
    ),
  declined: (place) =>
    onOneConnection(
      place,
      Array.from({ length: STREAMS }, (_, at) =>
        at % 2 === 0
          ? { headers: { 'x-user': 'jane', 'x-remocal-decline': 'yes' }, answer: '200 app hello' }
          : { headers: { 'x-user': 'jane' }, answer: '200 laptop hello' },
      ),
    ),
}
