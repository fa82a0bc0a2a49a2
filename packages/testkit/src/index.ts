/** The test kit. `Handler` and `Behaviour` are re-exported by `Emulator`. It depends on no test runner. */
// Time
export * as VirtualClock from "./VirtualClock.ts"
export * as Timeline from "./Timeline.ts"
export * as Report from "./Report.ts"
// Services that do not exist
export * as Emulator from "./Emulator.ts"
export * as Fault from "./Fault.ts"
export * as Script from "./Script.ts"
export * as Cassette from "./Cassette.ts"
export * as Control from "./Control.ts"
// Runs, and what is thought of them
export * as Rehearsal from "./Rehearsal.ts"
export * as Transcript from "./Transcript.ts"
export * as Checks from "./Checks.ts"
export * as History from "./History.ts"
export * as Coverage from "./Coverage.ts"
export * as Matchers from "./Matchers.ts"
// Clients that are not ours
export * as Fetch from "./Fetch.ts"
export * as Dispatcher from "./Dispatcher.ts"
// What services are made of
export * as Routes from "./Routes.ts"
export * as Body from "./Body.ts"
export * as Credential from "./Credential.ts"
export * as Window from "./Window.ts"
export * as Serial from "./Serial.ts"
export * as Storage from "./Storage.ts"
export * as Courier from "./Courier.ts"
export * as RawServer from "./RawServer.ts"
// Laws, and the stories that break them
export * as Case from "./Case.ts"
export * as Conformance from "./Conformance.ts"
export * as Laws from "./Laws.ts"
export * as Transitions from "./Transitions.ts"
export * as Explore from "./Explore.ts"
export * as ClientSuite from "./ClientSuite.ts"
