/** What the service takes: limits as documented (contract 4.1), under its own names, checked before anything is sent. */
import * as Schema from "effect/Schema"
import { pure } from "./pure.ts"

const mostDetails = 1000

const Uri = Schema.String.check(Schema.makeFilter((text: string) => URL.canParse(text) || "must be an absolute URL"))
const text = Schema.optionalKey(Schema.String)

/** The page does not say what a character is: what has more than this many code points is too long by any count. */
const Details = Schema.String.check(
  Schema.makeFilter((text: string) => {
    const { length } = Array.from(text)
    return length <= mostDetails || `must have at most ${mostDetails} characters, it has ${length}`
  }),
)

/** W:/api-reference/endpoints/ "Request Body". `externalRef` is the draft's reference, and no part of the input. */
export const CreateProject = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    title: Schema.String,
    audioUrl: Uri,
    jobSheetUrl: Schema.optionalKey(Uri),
    description: text,
    projectType: Schema.optionalKey(Schema.Literals(["legal", "general"])),
    templateId: text,
    jurisdiction: text,
    additionalDetails: Schema.optionalKey(Details),
    autoProcessEnabled: Schema.optionalKey(Schema.Boolean),
    jobId: text,
    metadata: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
  }),
)

/** No page shows a parameter. A struct without fields would take any. */
export const ListTemplates = /* @__PURE__ */ pure(() =>
  Schema.Record(Schema.String, Schema.Never.annotate({ message: "there is no such field" })),
)
