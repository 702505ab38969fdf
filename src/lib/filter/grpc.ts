/** What a gRPC call is for. */
import type { Budget } from './budget.ts'
import { lookUpHeader } from './lookup.ts'
import type { FilterRequest } from './request.ts'

export type GrpcPart = 'service' | 'method'

/** All calls have it (gRPC over HTTP/2, Requests). */
export const GRPC_HTTP_METHOD = 'POST'

/** Also `application/grpc+proto`, `application/grpc-web` …. In small letters, as all clients write it and most servers expect it. */
export const GRPC_CONTENT_TYPE = 'application/grpc'

/**
 * The service with its package, or the method, of `/package.Service/Method` (gRPC over HTTP/2, Requests); `""` of what is no gRPC call. Names may
 * have slashes before the last one, as gRPC servers read them. Throws `Exceeded`.
 */
export function grpcPart(request: FilterRequest, part: GrpcPart, budget: Budget): string {
  if (request.method !== GRPC_HTTP_METHOD) return ''
  if (!lookUpHeader(request, 'content-type', budget).startsWith(GRPC_CONTENT_TYPE)) return ''
  const { path } = request
  budget.spend(path.length >> 2)
  const slash = path.lastIndexOf('/')
  if (slash < 2 || slash === path.length - 1) return ''
  return part === 'service' ? path.slice(1, slash) : path.slice(slash + 1)
}
