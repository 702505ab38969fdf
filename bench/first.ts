/** `npm run bench -- first [--cluster]`: how long a user waits at the beginning, and what Remocal weighs when it does nothing. */
import { connecting } from './first/connecting.ts'
import { idle } from './first/idle.ts'
import { intercepting } from './first/intercepting.ts'
import { version } from './first/version.ts'
import type { Figure, MeasureOptions } from './lib/figure.ts'
import { withShop } from './lib/shop.ts'

export function measure(say: (line: string) => void, { cluster }: MeasureOptions): Promise<Figure[]> {
  return withShop({ cluster, say }, async (shop) => [
    await version(),
    await connecting(shop),
    await intercepting(shop),
    ...(await idle(shop)),
  ])
}
