/** Servers by their names; each of them answers what is no other path with `<<METHOD TARGET LENGTH>>`, as it has read the request. */
import { join } from 'node:path'
import { builtGo, builtJava } from '../../peers/servers/built.ts'
import { HTTP, startHaproxy } from '../../peers/servers/haproxy.ts'
import { startNginx } from '../../peers/servers/nginx.ts'
import { type Started, started } from '../../peers/started.ts'

const PROGRAMS = join(import.meta.dirname, 'programs')

/** @param name which the server says with each answer */
export function startNode(name: string): Promise<Started> {
  const file = join(PROGRAMS, 'node/server.ts')
  return started((port) => ({ command: process.execPath, args: [file, String(port), name] }))
}

export function startGo(name: string): Promise<Started> {
  const command = builtGo('http1server')
  return started((port) => ({ command, args: [String(port), name] }))
}

export function startTomcat(name: string): Promise<Started> {
  const { command, args, env } = builtJava(join(PROGRAMS, 'tomcat/Server.java'), ['libtomcat10-java'])
  const small = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-Xmx128m']
  return started((port) => ({ command, args: [...small, ...args, 'Server', String(port), name], env }))
}

/** nginx that reads requests and answers them itself. */
export function nginxAlone(): Promise<Started> {
  return startNginx(
    (port) => `  large_client_header_buffers 4 128k;
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${port};
    default_type text/plain;
    location / { return 200 "<<$request_method $request_uri ->>\\n"; }
  }`,
  )
}

/** haproxy that reads requests and answers them itself. */
export function haproxyAlone(): Promise<Started> {
  return startHaproxy(
    (port) => `${HTTP}
frontend front
  bind 127.0.0.1:${port}
  http-request wait-for-body time 500ms
  http-request return status 200 content-type text/plain lf-string "<<%[method] %[url] ->>\\n"
`,
  )
}
