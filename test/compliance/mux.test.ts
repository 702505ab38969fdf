import { muxCompliance } from './mux.ts'
import { PAIRS } from './pairs.ts'

for (const [name, makePair] of Object.entries(PAIRS)) muxCompliance(name, makePair)
