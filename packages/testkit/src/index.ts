export * as VirtualClock from "./VirtualClock.ts"
export * as Emulator from "./Emulator.ts"
