/** `remocal --help`: all commands, one line each. */
import type { Command } from '../command.ts'
import { table } from './table.ts'

export function overview(commands: Command[]): string {
  const rows = commands.map(({ name, summary }) => [`  ${name}`, summary])
  return `Makes a program on this laptop a member of a Kubernetes cluster.

Usage: remocal <command> [options]

Commands:
${table(rows)}
Options of every command:
  -o table|json  --context NAME  -n NAMESPACE  --kubeconfig PATH  --help
  remocal --version
`
}
