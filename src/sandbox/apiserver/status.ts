/** Refusals as the Kubernetes API says them: an error that becomes a `Status` object (meta/v1). */

export interface StatusDetails {
  name?: string
  kind?: string
  causes?: { field: string; message: string; reason?: string }[]
}

export class StatusError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: StatusDetails | undefined

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message)
    this.code = code
    this.reason = reason
    this.details = details
  }

  toJSON(): object {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details !== undefined && { details: this.details }),
      code: this.code,
    }
  }
}

export const notFound = (resource: string, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${resource} "${name}" not found`, { name, kind: resource.split('.')[0] ?? '' })

export const alreadyExists = (resource: string, name: string): StatusError =>
  new StatusError(409, 'AlreadyExists', `${resource} "${name}" already exists`, {
    name,
    kind: resource.split('.')[0] ?? '',
  })

export const conflict = (resource: string, name: string): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resource} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    { name, kind: resource.split('.')[0] ?? '' },
  )

export const gone = (version: number): StatusError =>
  new StatusError(410, 'Expired', `too old resource version: ${version}`)

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message)

export const forbidden = (message: string): StatusError => new StatusError(403, 'Forbidden', message)

export const invalid = (kind: string, name: string, causes: { field: string; message: string }[]): StatusError =>
  new StatusError(
    422,
    'Invalid',
    `${kind} "${name}" is invalid: ${causes.map(({ field, message }) => `${field}: ${message}`).join(', ')}`,
    { name, kind, causes: causes.map((cause) => ({ reason: 'FieldValueInvalid', ...cause })) },
  )

/** What a real cluster has and this one does not. */
export const notImplemented = (what: string): StatusError =>
  new StatusError(501, 'NotImplemented', `RC-S-402: the sandbox has no ${what}; it works on a real cluster`)
