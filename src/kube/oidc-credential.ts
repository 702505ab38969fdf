/**
 * OpenID Connect as kubeconfigs of old name it (`auth-provider: oidc`): the token is renewed by the Kubernetes client
 * library, which is heavy and therefore loaded only here. Other providers were removed from kubectl itself in 1.26.
 */
import { fault } from '../diagnose/catalogue.ts'
import type { Credentials } from './target.ts'

export interface AuthProvider {
  name: string
  config?: Record<string, unknown> | null | undefined
}

/** Returns the function that yields this provider's credentials. */
export function oidcCredential(provider: AuthProvider): () => Promise<Credentials> {
  const refuse = (why: string, cause?: unknown): Error =>
    fault(
      'RC-C-105',
      `The kubeconfig's auth-provider "${provider.name}" gave no credentials: ${why}.`,
      ['Use a credential plugin (`exec`) in the kubeconfig instead'],
      cause,
    )
  if (provider.name !== 'oidc') {
    return async () => {
      throw refuse('kubectl dropped it in 1.26, and Remocal does not know it')
    }
  }
  let load: Promise<() => Promise<Credentials>> | undefined
  return async () => {
    load ??= loadProvider(provider)
    try {
      return await (await load)()
    } catch (error) {
      load = undefined
      throw refuse((error as Error).message, error)
    }
  }
}

async function loadProvider(provider: AuthProvider): Promise<() => Promise<Credentials>> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    { name: 'cluster', server: 'https://kubernetes.invalid', skipTLSVerify: false },
    { name: 'user', authProvider: { name: provider.name, config: { ...provider.config } } },
  )
  return async () => {
    const options: { headers?: Record<string, string> } = {}
    await config.applyToHTTPSOptions(options)
    const authorization = options.headers?.Authorization
    return authorization === undefined ? {} : { authorization }
  }
}
