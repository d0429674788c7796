import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Either from "effect/Either"
import * as Option from "effect/Option"

type Present<Fields extends Record<string, Config.Config<unknown>>> = {
  readonly [K in keyof Fields]?: Config.Config.Success<Fields[K]>
}

/** Reads settings that may all be missing; the missing ones are left out. A malformed one is an error. */
export const optionalConfig = <const Fields extends Record<string, Config.Config<unknown>>>(
  fields: Fields
): Config.Config<Present<Fields>> =>
  Object.entries(fields).reduce<Config.Config<Present<Fields>>>(
    (all, [key, config]) =>
      Config.map(Config.zip(all, Config.option(config)), ([found, value]) =>
        Option.isNone(value) ? found : { ...found, [key]: value.value }
      ),
    Config.succeed({})
  )

/** An absolute http or https address, without slashes at its end. */
export const urlConfig = (name: string): Config.Config<string> =>
  Config.mapOrFail(Config.url(name), (url) =>
    url.protocol === "https:" || url.protocol === "http:"
      ? Either.right(url.href.replace(/\/+$/, ""))
      : Either.left(ConfigError.InvalidData([name], "must be an http or https address"))
  )
