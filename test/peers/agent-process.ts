/** `node test/peers/agent-process.ts APP LAPTOP`: the agent's HTTP engine in a process of its own; prints its port. */
import { startAgent } from './agent.ts'

const [app = 0, laptop = 0] = process.argv.slice(2).map(Number)
const { port } = await startAgent(app, laptop)
process.stdout.write(`${port}\n`)
