// Stock: GET /stock/ITEM answers with how many there are.
import { serve } from './serve.js'

serve('stock', async () => ({ count: Number(process.env.STOCK_COUNT ?? 3), via: [] }))
