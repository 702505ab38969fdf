/** Requests that the program answers: connections of agents, joined with it. */
import type { Socket } from 'node:net'
import { spliceSocket } from '../../wire/carrier/splice-socket.ts'
import type { RefusalCode } from '../../wire/messages/open.ts'
import type { Opening } from '../../wire/session/contract.ts'
import type { Program } from './program.ts'
import type { Taker } from './taker.ts'

export class Deliveries implements Taker {
  readonly #program: Program

  constructor(program: Program) {
    this.#program = program
  }

  onDeliver(opening: Opening, port: number): void {
    void this.#deliver(opening, port)
  }

  onCopies(opening: Opening): void {
    opening.refuse('forbidden', 'this attachment is no wiretap')
  }

  onCounts(): void {}

  onSeen(): void {}

  close(): void {}

  async #deliver(opening: Opening, port: number): Promise<void> {
    const mine = this.#program.portOf(port)
    if (mine === undefined) {
      opening.refuse('forbidden', `port ${port} is none of this attachment`)
      return
    }
    let socket: Socket
    try {
      const { header } = opening
      const secure = header.service === 'deliver' ? header.tls : undefined
      socket = await this.#program.connect(mine, secure)
    } catch (error) {
      const { code = 'unknown', message } = error as NodeJS.ErrnoException
      opening.refuse(code satisfies string as RefusalCode, message)
      return
    }
    if (opening.signal.aborted) socket.destroy()
    else await spliceSocket(opening.accept(), socket)
  }
}
