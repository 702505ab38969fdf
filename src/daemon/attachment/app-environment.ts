/** The environment and folder of the app's process, as an agent reads them. */
import type { Session } from '../../wire/session/contract.ts'

export interface AppEnvironment {
  env: Record<string, string>
}

/** @param intercept the attachment's uid. Rejects when the agent cannot tell. */
export async function readAppEnvironment(session: Session, intercept: string): Promise<AppEnvironment> {
  const { stream } = await session.open({ service: 'environment', intercept })
  const text = await new Promise<string>((resolve, reject) => {
    const pieces: Buffer[] = []
    stream.bind({
      onData: (bytes) => void pieces.push(bytes),
      onEnd() {
        stream.end()
        resolve(Buffer.concat(pieces).toString())
      },
      onDrain() {},
      onClose: () => reject(new Error('the agent did not answer')),
    })
  })
  return JSON.parse(text) as AppEnvironment
}
