/** For callers. */
export * as Client from "./Client.ts"
export * as Failure from "./Failure.ts"
export * as Misuse from "./Misuse.ts"
export * as Remedy from "./Remedy.ts"
export * as Handle from "./Handle.ts"
export * as Artifact from "./Artifact.ts"
export * as Journal from "./Journal.ts"
export * as Inbox from "./Inbox.ts"
export * as Key from "./Key.ts"
export { connect } from "./Promise.ts"

/** For provider authors. */
export * as Operation from "./Operation.ts"
export * as Contract from "./Contract.ts"
export * as Reason from "./Reason.ts"
export * as Evidence from "./Evidence.ts"
export * as Observation from "./Observation.ts"

/** For transport and journal authors, and for whoever tests the machine. */
export * as Remote from "./Remote.ts"
export * as Lifecycle from "./Lifecycle.ts"
export * as Pace from "./Pace.ts"
