/** Bytes in memory of their own, which no other thread shares. */
export type Bytes = Uint8Array<ArrayBuffer>
