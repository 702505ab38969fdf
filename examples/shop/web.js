// The shop's front: GET / answers with an order and the stock, each of which it asks another service for.
import { serve } from './serve.js'

serve('web', async (request) => {
  const [orders, stock] = await Promise.all([
    request.ask(process.env.ORDERS_URL ?? 'http://orders', '/orders/1'),
    request.ask(process.env.STOCK_URL ?? 'http://stock', '/stock/lamp'),
  ])
  return { page: `An order for ${orders.item}, ${stock.count} left`, via: [orders, stock] }
})
