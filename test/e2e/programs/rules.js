/** What the clients of `people.js` and `grpc-people.js` count, and who may answer them. */
const { env } = process

export const say = (...words) => process.stdout.write(`${words.join(' ')}\n`)
export const draw = (...from) => from[Math.floor(Math.random() * from.length)]
/** `{who, stable, ...}` in the order in which they are asked. */
export const rules = JSON.parse(env.RULES ?? '[]')
export const result = { asked: 0, lost: 0, wrong: 0, of: {}, first: [] }

/** Who may answer: the first whose rule the request meets, those before him who may be away, and the app when nobody is sure to be there. */
function allowed(meets) {
  const may = []
  for (const rule of rules) {
    if (!meets(rule)) continue
    may.push(rule.who)
    if (rule.stable) return may
  }
  return [...may, 'app']
}

/** @param meets whether the request meets a rule. @param isRight the rest of the answer is what it has to be */
export function check(request, answer, meets, isRight) {
  const may = allowed(meets)
  result.of[answer.who] = (result.of[answer.who] ?? 0) + 1
  if (isRight && may.includes(answer.who)) return
  result.wrong++
  if (result.first.length < 5) result.first.push({ request, answer, allowed: may })
}

export function lost(request, error) {
  result.lost++
  if (result.first.length < 5) result.first.push({ request, error: error.message })
}

/** Says each second what has been counted. */
export function report() {
  say('ASKING')
  setInterval(() => say('RESULT', JSON.stringify(result)), 1000)
}
