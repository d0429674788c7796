/** A PostgreSQL server of our own, on loopback. */
export interface Server {
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly stop: () => Promise<void>
}

export const ensurePostgres: () => string | undefined
export const startPostgres: (options?: { readonly durable?: boolean }) => Promise<Server | undefined>
