/** The test kit. `Handler` and `Behaviour` are re-exported by `Emulator`. It depends on no test runner. */
// Time
export * as VirtualClock from "./VirtualClock.ts"
export * as Timeline from "./Timeline.ts"
export * as Report from "./Report.ts"
// Services that do not exist
export * as Emulator from "./Emulator.ts"
export * as Fault from "./Fault.ts"
export * as Script from "./Script.ts"
export * as Control from "./Control.ts"
export * as Cassette from "./Cassette.ts"
export * as Rehearsal from "./Rehearsal.ts"
// Clients that are not ours
export * as Fetch from "./Fetch.ts"
export * as Dispatcher from "./Dispatcher.ts"
// What they are made of
export * as Routes from "./Routes.ts"
export * as Body from "./Body.ts"
export * as Credential from "./Credential.ts"
export * as Window from "./Window.ts"
export * as Serial from "./Serial.ts"
export * as Storage from "./Storage.ts"
export * as Courier from "./Courier.ts"
// Laws
export * as Laws from "./Laws.ts"
// What test runners are told
export * as Matchers from "./Matchers.ts"
export * as Transcript from "./Transcript.ts"
export * as Checks from "./Checks.ts"
export * as History from "./History.ts"
export * as Coverage from "./Coverage.ts"
