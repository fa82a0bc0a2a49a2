/** Reads what the service says when it refuses, and when a task has failed: two bodies for the first, any for the second. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { developer, endUser } from "@tenuto/core/Evidence"
import type { Issue } from "@tenuto/core/Reason"
import type * as Provider from "@tenuto/http/Provider"
import type * as Verdict from "@tenuto/http/Verdict"
import { Detailed, Fault, Refused } from "./wire.ts"

const readRefusal = Schema.decodeUnknownResult(Refused)
const readDetail = Schema.decodeUnknownResult(Detailed)
const isFault = Schema.is(Fault)
const isFields = Schema.is(Schema.Record(Schema.String, Schema.Unknown))

/** C-OV-2: either body, on any status. */
export const troubleOf = ({ body }: Provider.Refusal): Verdict.Trouble => {
  const refusal = readRefusal(body)
  if (Result.isSuccess(refusal)) {
    const { error: code, message } = refusal.success
    if (typeof message !== "string") return { code }
    // S002: "message is safe to surface to end users (no stack traces, no internal info)".
    return { code, message: endUser(message), ...issuesOf(code, message) }
  }
  const other = readDetail(body)
  if (Result.isFailure(other)) return {}
  const { detail } = other.success
  // Contract 3.15: nothing declares these texts safe.
  if (typeof detail === "string") return { message: developer(detail) }
  return { issues: detail.filter(isFault).map(({ loc, msg, type }) => ({ path: loc, message: msg, code: type })) }
}

/** What is wrong with which field, where the message says it in one of the two ways that the pages know. */
const issuesOf = (code: string, message: string): { readonly issues?: ReadonlyArray<Issue> } => {
  if (code === "preflight_failed") {
    const [, names = ""] = /missing=\[([^\]]*)\]/.exec(message) ?? [] // contract 3.6 `missing=["images"]`
    const missing = Array.from(names.matchAll(/["']([^"']+)["']/g), ([, name = ""]) => name)
    return missing.length === 0
      ? {}
      : { issues: missing.map((name) => ({ path: [name], message: "is missing", code })) }
  }
  // S002 "Error message has JSON pointer to the bad field": the first one, which is no part of an address.
  const [, pointer] = /(?:^|[\s"'`([])((?:\/[\w~.-]+)+)/.exec(message) ?? []
  if (code !== "validation_error" || pointer === undefined) return {}
  const path = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
  return { issues: [{ path, message, code }] }
}

/** T-OV-6: what the `error` of a failed task may be, whose shape no page shows. `message` stands beside it. */
export const failureOf = (error: unknown, message: unknown): Pick<Verdict.Trouble, "code" | "message"> => {
  const beside = text(message)
  if (typeof error === "string") {
    return isCode(error) ? { code: error, ...spoken(beside) } : spoken(text(error) ?? beside)
  }
  if (!isFields(error)) return spoken(beside)
  const code = [error["code"], error["error"], error["type"]].find(isCode)
  const own = [error["message"], error["detail"], error["reason"]].map(text).find((found) => found !== undefined)
  return { ...(code === undefined ? {} : { code }), ...spoken(own ?? beside) }
}

const isCode = (value: unknown): value is string => typeof value === "string" && /^[\w.-]{1,64}$/.test(value)
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)
/** S002 calls the message of an error body safe; of a task's nothing is said. */
const spoken = (said: string | undefined) => (said === undefined ? {} : { message: developer(said) })

/** S002 "Capture the run_id and task_id from any response (successful or not)". */
export const namesOf = (body: unknown): Readonly<Record<string, string>> => {
  if (!isFields(body)) return {}
  const names = [["run_id", text(body["run_id"])] as const, ["task_id", text(body["task_id"])] as const]
  return Object.fromEntries(names.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
