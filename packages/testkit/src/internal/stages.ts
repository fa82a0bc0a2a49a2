/** The stages of work, as plain text. `Fault` says what they are. */
export const stages = ["submit", "look", "long-poll", "download", "cancel", "webhook"] as const
export type Stage = (typeof stages)[number]
