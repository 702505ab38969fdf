// The shop's front: GET / answers with an order, which it asks `orders` for.
import { serve } from './serve.js'

serve('web', async (request) => {
  const orders = await request.ask(process.env.ORDERS_URL ?? 'http://orders', '/orders/1')
  return { page: `An order for ${orders.item}`, via: [orders] }
})
