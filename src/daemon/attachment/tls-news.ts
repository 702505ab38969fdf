/** What is wrong with TLS in the pods of an attachment, told once of each pod: requests in it go to the app meanwhile. */

/** RC-E-330 to -336, up to another code. */
const TLS = /\bRC-E-33[0-6]: (?:(?! RC-[A-Z]-\d{3}: ).)*/s

interface Agent {
  podUid: string
  pod: string
  message?: string
}

export class TlsNews {
  readonly #told = new Set<string>()

  /** @param agents all that there are now. @returns lines for a person, of pods that had none before */
  hear(agents: readonly Agent[]): string[] {
    const lines: string[] = []
    for (const { podUid, pod, message = '' } of agents) {
      const found = TLS.exec(message)
      if (found === null || this.#told.has(podUid)) continue
      this.#told.add(podUid)
      lines.push(`${pod}: ${found[0]}`)
    }
    for (const podUid of this.#told) if (!agents.some((agent) => agent.podUid === podUid)) this.#told.delete(podUid)
    return lines
  }
}
