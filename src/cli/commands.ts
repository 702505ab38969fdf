/** All commands by name, each loaded only when it is called or explained. */
import type { Command } from './command.ts'

export const COMMANDS: Record<string, () => Promise<Command>> = {
  install: async () => (await import('./commands/install.ts')).install,
  uninstall: async () => (await import('./commands/uninstall.ts')).uninstall,
  connect: async () => (await import('./commands/connect.ts')).connect,
  list: async () => (await import('./commands/list.ts')).list,
  intercept: async () => (await import('./commands/intercept.ts')).intercept,
  wiretap: async () => (await import('./commands/wiretap.ts')).wiretap,
  verify: async () => (await import('./commands/verify.ts')).verify,
  filter: async () => (await import('./commands/filter.ts')).filter,
  run: async () => (await import('./commands/run.ts')).run,
  status: async () => (await import('./commands/status.ts')).status,
  leave: async () => (await import('./commands/leave.ts')).leave,
  quit: async () => (await import('./commands/quit.ts')).quit,
  sandbox: async () => (await import('./commands/sandbox.ts')).sandbox,
  explain: async () => (await import('./commands/explain.ts')).explain,
}
