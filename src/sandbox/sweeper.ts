/**
 * Takes the sandbox's files away when its last process has ended, however it ended. All its processes hold a lock on its folder
 * (flock(1)); the sweeper waits for it, and the kernel gives it only then.
 */
import { spawn } from 'node:child_process'
import type { ProcessMark, SandboxPaths } from './state.ts'

/** Nothing is swept when the folder belongs to another sandbox by now. */
const SWEEP = 'mark=$1 pid=$2; shift; grep -qF -- "$mark" "$pid" && rm -rf -- "$@"'

/** Command line that holds the lock as long as anything of `command` lives. */
export function holding({ folder }: SandboxPaths, command: string[]): string[] {
  return ['flock', '--no-fork', '--exclusive', folder, ...command]
}

/** Starts the sweeper of a sandbox that runs and holds the lock. It ends by itself. Images are the user's: they stay. */
export function startSweeper({ folder, pods, pid, kubeconfig, log }: SandboxPaths, mark: ProcessMark): void {
  const sweep = ['sh', '-c', SWEEP, 'sh', JSON.stringify(mark), pid, pods, kubeconfig, log]
  spawn('flock', ['--exclusive', folder, ...sweep], { detached: true, stdio: 'ignore', cwd: '/' })
    .on('error', () => {})
    .unref()
}
