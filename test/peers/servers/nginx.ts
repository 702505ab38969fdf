/** nginx from its Debian package: one worker, no logs, all its files in a folder that goes with it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpacked } from '../../../scripts/debian.ts'
import { type Started, started } from '../started.ts'

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** @param http the inside of its `http` block, for a port and a folder */
export function startNginx(http: (port: number, folder: string) => string): Promise<Started> {
  const { program, env } = unpacked('nginx')
  return started((port, folder) => {
    const config = join(folder, 'nginx.conf')
    const places = TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')
    const user = process.getuid?.() === 0 ? 'user root;' : ''
    writeFileSync(
      config,
      // One process: what it costs is what it does.
      `daemon off;
master_process off;
${user}
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/errors crit;
events { worker_connections 1024; }
http {
  access_log off;
  ${places}
${http(port, folder)}
}
`,
    )
    return { command: program('usr/sbin/nginx'), args: ['-e', `${folder}/errors`, '-p', folder, '-c', config], env }
  })
}
