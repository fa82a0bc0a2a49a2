/** Overten AI: its operations, its contract and the layer that connects to it. Its emulator is an entry of its own. */
export * from "./Overten.ts"
