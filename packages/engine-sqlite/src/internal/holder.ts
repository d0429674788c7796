import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Holder } from "../SqliteError.js"

const decode = Schema.decodeUnknownOption(Schema.parseJson(Holder))

const path = (file: string) => `${file}-holder`

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

const text = (file: string): string => {
  try {
    return readFileSync(path(file), "utf8")
  } catch {
    return ""
  }
}

/** @internal Who says to hold the file, unless that process is known to be gone. The lock itself is SQLite's. */
export const read = (file: string): Option.Option<Holder> =>
  Option.filter(decode(text(file)), ({ host, pid }) => host !== hostname() || alive(pid))

/** @internal */
export const write = (file: string, since: number): void => {
  const draft = `${path(file)}.${process.pid}`
  writeFileSync(draft, JSON.stringify({ pid: process.pid, host: hostname(), since }))
  renameSync(draft, path(file))
}

/** @internal */
export const clear = (file: string): void => rmSync(path(file), { force: true })
