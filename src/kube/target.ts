/** How one API server is reached and how one user proves who they are to it. */

export interface Credentials {
  /** Value of the `Authorization` header. */
  authorization?: string
  /** Client certificate and key, PEM. */
  cert?: string | Buffer
  key?: string | Buffer
}

export interface KubeTarget {
  /** Where it comes from, for sentences: `context dev`, `in-cluster`. */
  readonly name: string
  /** Base URL of the API server, without a trailing slash. */
  readonly server: string
  /** The context's namespace; `default` when it names none. */
  readonly namespace: string
  /** Certificate authorities, PEM; undefined: the system's own. */
  readonly ca: string | Buffer | undefined
  /** Name that the server's certificate must carry; undefined: the host of `server`. */
  readonly serverName: string | undefined
  /** True: the server's certificate is not checked. */
  readonly insecure: boolean
  /** Proxy that leads to the API server (`http://` or `https://`), if any. */
  readonly proxy: string | undefined
  /** Headers that every request carries: impersonation. */
  readonly headers: Record<string, string | string[]>
  /**
   * Credentials of now. `renew` is true after the API server answered 401: whatever was kept is then asked for again.
   */
  credentials(renew: boolean, signal?: AbortSignal): Promise<Credentials>
}
