/** The cable of a laptop that stands beside the kit's cluster: pulled, cut silently, slowed and mended. */
import { run } from './remocal.ts'

/** How a cable fails: `silent` loses every packet and says nothing, `down` takes the interface down too. */
export type Cut = 'silent' | 'down'

export class Cable {
  readonly #kit: string
  readonly #cluster: string
  readonly #laptop: string

  constructor(kit: string, cluster: string, laptop: string) {
    this.#kit = kit
    this.#cluster = cluster
    this.#laptop = laptop
  }

  /** Takes the interface down: its addresses are gone, and nothing passes. */
  down(): Promise<void> {
    return this.#link('down')
  }

  up(): Promise<void> {
    return this.#link('up')
  }

  /**
   * @param delayMs one way
   * @param lossPercent 100 cuts it silently
   * @param rateMbit 0: no limit
   */
  wire(delayMs: number, lossPercent: number, rateMbit: number): Promise<void> {
    return this.#link('wire', String(delayMs), String(lossPercent), String(rateMbit))
  }

  /** Takes delay, loss and rate away; connections go on. */
  clear(): Promise<void> {
    return this.#link('clear')
  }

  cut(how: Cut): Promise<void> {
    return how === 'down' ? this.down() : this.wire(0, 100, 0)
  }

  /** Undoes `cut`. */
  mend(how: Cut): Promise<void> {
    return how === 'down' ? this.up() : this.clear()
  }

  async #link(...words: string[]): Promise<void> {
    const { code, stderr } = await run(this.#kit, ['link', this.#cluster, this.#laptop, ...words])
    if (code !== 0) throw new Error(`link ${words.join(' ')} ended with ${code}: ${stderr}`)
  }
}
