export * from "./Soundpiece.ts"
