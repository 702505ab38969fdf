import type { Command } from '../command.ts'
export const sandbox: Command = {
  name: 'sandbox',
  summary: 'x',
  args: [],
  options: [],
  examples: [],
  async run() {
    return 0
  },
}
