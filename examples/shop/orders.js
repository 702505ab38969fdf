// Orders: GET /orders/ID answers with an order and whether its item is in stock, which it asks `stock` for.
import { serve } from './serve.js'

serve('orders', async (request) => {
  const stock = await request.ask(process.env.STOCK_URL ?? 'http://stock', '/stock/lamp')
  return { item: 'lamp', inStock: stock.count > 0, currency: process.env.CURRENCY ?? 'EUR', via: [stock] }
})
