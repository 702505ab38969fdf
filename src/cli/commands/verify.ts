import type { VerifyRequest, VerifyResult } from '../../lib/daemon-api.ts'
import type { Call, Command } from '../command.ts'
import { holdShown } from '../hold.ts'
import { usage } from '../parse.ts'
import { verifiedText } from '../render/verified.ts'
import { targetOf } from '../target.ts'

/** 1: the mark did not get to the end. 75: nobody can tell now. */
const EXIT = { arrived: 0, dropped: 1, unreached: 1, unseen: 1, unclear: 75 }
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

export const verify: Command = {
  name: 'verify',
  summary: 'Prove that your mark travels through services, or name the first that drops it',
  args: [],
  options: [
    { flags: '--chain <url>', summary: 'where the chain begins, as a program in the namespace would ask it; required' },
    {
      flags: '--through <workloads>',
      summary: 'deploy/a,deploy/b: the mark must come to these (default: all behind Services are watched)',
      repeated: true,
    },
    { flags: '--header <name=value>', summary: 'header of the request', repeated: true },
    { flags: '--method <method>', summary: 'method of the request (default: GET)' },
    { flags: '--insecure', summary: 'take any certificate, of an https URL' },
  ],
  examples: [
    { what: 'what becomes of the mark of one request', line: 'remocal verify -n shop --chain http://web/' },
    {
      what: 'whether it reaches two services, for a script: the exit code is 1 when it does not',
      line: 'remocal verify -n shop --chain http://web/ --through deploy/orders,deploy/stock -o json',
    },
  ],
  async run(call) {
    const request = requestOf(call)
    const held = await holdShown<VerifyResult>(call, '/v1/verify', request)
    held.close()
    call.print(held.result, verifiedText)
    return EXIT[held.result.verdict]
  },
}

function requestOf(call: Call): VerifyRequest {
  const { chain, through = [], header = [], method = 'GET', insecure } = call.options
  if (typeof chain !== 'string') throw usage(verify, '--chain is missing: the URL where the chain begins')
  if (typeof method !== 'string' || !TOKEN.test(method)) throw usage(verify, `"${method}" is not a method`)
  return {
    target: targetOf(call),
    namespace: call.namespace ?? '',
    url: urlOf(chain),
    method: method.toUpperCase(),
    headers: (header as string[]).map(headerOf),
    through: (through as string[])
      .flatMap((list) => list.split(','))
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    insecure: insecure === true,
  }
}

function urlOf(text: string): string {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null || !/^https?:$/.test(url.protocol)) throw usage(verify, `"${text}" is not a URL of http or https`)
  return url.href
}

function headerOf(text: string): [string, string] {
  const at = text.search(/[=:]/)
  const [name, value] = [text.slice(0, at), text.slice(at + 1).trim()]
  if (at < 1 || !TOKEN.test(name)) throw usage(verify, `--header is "${text}" but must be name=value`)
  if (!FIELD_VALUE.test(value))
    throw usage(verify, `the value of header ${name} has characters that no header may have`)
  return [name, value]
}
