/** What `wiretap` says while it lasts: with `-o json` lines, else text; on stdout what it is asked for, else on stderr. */
import type { DifferenceEvent, WiretapCounts, WiretapRequest, WiretapResult } from '../lib/daemon-api.ts'
import type { Call } from './command.ts'
import { DaemonClient } from './daemon-client.ts'
import { attachedText } from './render/attached.ts'
import { countsText } from './render/counts.ts'
import { differenceText } from './render/difference.ts'
import { filterText } from './render/filter-text.ts'
import { shareText } from './render/share.ts'

/** What the daemon tells meanwhile. */
export type WiretapEvent = ({ kind: 'difference' } & DifferenceEvent) | ({ kind: 'counts' } & WiretapCounts)

export class ShownWiretap {
  readonly #call: Call
  readonly #request: WiretapRequest
  /** Differences that were found before it was said what is compared. */
  #early: DifferenceEvent[] | undefined = []
  #counts: WiretapCounts | undefined

  constructor(call: Call, request: WiretapRequest) {
    this.#call = call
    this.#request = request
  }

  get differed(): boolean {
    return (this.#counts?.compared?.different ?? 0) > 0
  }

  begin(result: WiretapResult): void {
    // A program's own output has stdout, unless differences were asked for.
    if (this.#call.output === 'json') this.#line({ kind: 'begun', ...result })
    else this.#call.io.stderr(begunText(result))
    const early = this.#early ?? []
    this.#early = undefined
    for (const event of early) this.#difference(event)
  }

  tell(event: WiretapEvent): void {
    if (event.kind === 'counts') {
      const { kind: _kind, ...counts } = event
      this.#counts = counts
    } else if (this.#early !== undefined) this.#early.push(event)
    else this.#difference(event)
  }

  /** The summary: as the daemon has it, or as it said when the wiretap ended. */
  async end(name: string): Promise<void> {
    const { io, output } = this.#call
    const asked = { target: this.#request.target, name }
    const now = await new DaemonClient(io).callRunning<WiretapCounts>('/v1/tally', asked).catch(() => undefined)
    this.#counts = now ?? this.#counts
    if (this.#counts === undefined) return
    if (output === 'json') this.#line({ kind: 'summary', ...this.#counts })
    else io[this.#request.diff ? 'stdout' : 'stderr'](`${countsText(this.#counts)}\n`)
  }

  #difference(event: DifferenceEvent): void {
    if (this.#call.output === 'json') this.#line({ ...event })
    else this.#call.io.stdout(differenceText(event))
  }

  #line(line: object): void {
    this.#call.io.stdout(`${JSON.stringify(line)}\n`)
  }
}

export function begunText(result: WiretapResult): string {
  const compared = result.diff ? ', answers compared' : ''
  return attachedText(result, 'Wiretapping', `copies of ${shareText(result, filterText(result.filter))}${compared}`)
}
