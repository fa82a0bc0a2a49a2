import { suite } from "@tenuto/testkit/Promise"
import { service } from "./service.ts"
import { Studio } from "./studio.ts"

const apiKey = "sk_team_4f9d2c71"

const suiteOf = (name: string, resendsPosts: boolean) =>
  suite({
    name,
    from: import.meta.url,
    kinds: ["503@look", "429=30@look", "429=30@submit", "503@submit", "reset-after-commit@submit"],
    service,
    client: async ({ fetch, url }) => {
      const studio = new Studio({ apiKey, baseURL: url, fetch, resendsPosts })
      const { id } = await studio.videos.create("A calm sea")
      return studio.videos.poll(id)
    },
    secrets: [apiKey],
  })

export const asItWas = suiteOf("as-it-was", true)
export const mended = suiteOf("mended", false)
