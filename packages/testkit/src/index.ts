/** The test kit. `Handler` and `Behaviour` are re-exported by `Emulator`. It depends on no test runner. */
// Time
export * as VirtualClock from "./VirtualClock.ts"
export * as Timeline from "./Timeline.ts"
// Services that do not exist
export * as Emulator from "./Emulator.ts"
export * as Fault from "./Fault.ts"
export * as Script from "./Script.ts"
export * as Playback from "./Playback.ts"
export * as Rehearsal from "./Rehearsal.ts"
// What they are made of
export * as Routes from "./Routes.ts"
export * as Body from "./Body.ts"
export * as Credential from "./Credential.ts"
export * as Window from "./Window.ts"
export * as Serial from "./Serial.ts"
export * as Storage from "./Storage.ts"
export * as Courier from "./Courier.ts"
// Laws, and the stories that break them
export * as Laws from "./Laws.ts"
export * as Transitions from "./Transitions.ts"
export * as Explore from "./Explore.ts"
export * as ClientSuite from "./ClientSuite.ts"
