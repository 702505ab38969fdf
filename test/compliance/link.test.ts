import { linkCompliance } from './link.ts'
import { PAIRS } from './pairs.ts'

for (const [name, makePair] of Object.entries(PAIRS)) linkCompliance(name, makePair)
