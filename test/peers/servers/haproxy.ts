/** haproxy from its Debian package: one thread. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpacked } from '../../../scripts/debian.ts'
import { type Started, started } from '../started.ts'

/** Heads of 128 KiB, and HTTP with limits that no test reaches: the beginning of `sections`. */
export const HTTP = `  tune.bufsize 131072
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s`

/** @param sections what follows its `global` section, for a port */
export function startHaproxy(sections: (port: number) => string): Promise<Started> {
  const { program, env } = unpacked('haproxy')
  return started((port, folder) => {
    const config = join(folder, 'haproxy.cfg')
    writeFileSync(config, `global\n  nbthread 1\n  maxconn 8000\n${sections(port)}`)
    return { command: program('usr/sbin/haproxy'), args: ['-f', config, '-db'], env }
  })
}
