/** What an attachment does with what agents send for it. */
import type { Beside, CopyCounts, Seen } from '../../wire/messages/control.ts'
import type { Opening } from '../../wire/session/contract.ts'

export interface Taker {
  /** A connection that the program should answer. */
  onDeliver(opening: Opening, port: number): void
  /** The stream on which an agent's copies come. */
  onCopies(opening: Opening): void
  /** What an agent says became of its copies. */
  onCounts(podUid: string, counts: CopyCounts): void
  /** What an agent's watch saw. */
  onSeen(podUid: string, news: Seen | Beside): void
  /** The attachment has ended: nothing more comes. */
  close(): void
}
