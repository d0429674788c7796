/**
 * Certificates of a cluster with TLS: an authority of its own, and one certificate for each node's address.
 */
import * as ChildProcess from "node:child_process"
import * as Effect from "effect/Effect"
import type { Member } from "./Member.js"
import type { Plant } from "./Plant.js"
import { type FilesUnusable, TlsUnavailable } from "./RedisError.js"

const openssl = (...args: ReadonlyArray<string>): Effect.Effect<void, TlsUnavailable> =>
  Effect.async((resume) => {
    ChildProcess.execFile("openssl", args, { timeout: 20_000 }, (error, _, complaint) => {
      const missing = error !== null && error.code === "ENOENT"
      const reason = missing ? "the program openssl is not there" : String(complaint).trim().slice(-300)
      resume(error === null ? Effect.void : Effect.fail(new TlsUnavailable({ reason })))
    })
  })

const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
const days = ["-days", "3650"]

/** The file of a cluster's authority, which its clients trust. */
export const authorityFile = (plant: Plant, clusterId: string): string => plant.join(plant.cluster(clusterId), "ca.crt")

/** The certificate of a cluster's authority, made at the first call. */
export const authority = (plant: Plant, clusterId: string): Effect.Effect<string, FilesUnusable | TlsUnavailable> =>
  Effect.gen(function* () {
    const file = authorityFile(plant, clusterId)
    const secret = plant.join(plant.cluster(clusterId), "ca.key")
    if (!(yield* plant.exists(file))) {
      const subject = ["-subj", "/CN=MemStore emulator"]
      yield* openssl("req", "-x509", ...key, ...days, ...subject, "-keyout", secret, "-out", file)
    }
    return yield* plant.read(file)
  })

/** `node.crt`, `node.key` and `ca.crt` in a node's folder. */
export const ofNode = (plant: Plant, member: Member): Effect.Effect<void, FilesUnusable | TlsUnavailable> =>
  Effect.gen(function* () {
    const folder = plant.node(member.clusterId, member.nodeId)
    const file = (name: string) => plant.join(folder, name)
    if (yield* plant.exists(file("ca.crt"))) return
    yield* plant.folder(folder)
    const trusted = authorityFile(plant, member.clusterId)
    const subject = ["-subj", `/CN=${member.door.address}`]
    yield* plant.write(file("node.ext"), `subjectAltName=IP:${member.door.address}\n`)
    yield* openssl("req", ...key, ...subject, "-keyout", file("node.key"), "-out", file("node.csr"))
    yield* openssl(
      ...["x509", "-req", ...days, "-in", file("node.csr"), "-extfile", file("node.ext"), "-out", file("node.crt")],
      ...["-CA", trusted, "-CAkey", plant.join(plant.cluster(member.clusterId), "ca.key"), "-CAcreateserial"],
      ...["-CAserial", file("ca.srl")]
    )
    yield* plant.copy(trusted, file("ca.crt"))
  })
