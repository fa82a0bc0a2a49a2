/**
 * Lets a server say `100 Continue` that nobody asked for.
 *
 * RFC 9110, 15.2: a client must be able to read any interim answer before the final one, asked for or not. Undici passes
 * over all of them but 100, for which it closes the socket. So a 100 is shown to it as a 102, which it passes over; no
 * byte moves, and nothing of a final answer is touched.
 */
import type { Socket } from "node:net"

const start = "HTTP/1.1 100"
const LF = 10
const CR = 13

type At = "Line" | "Head" | "Final"

export class Interim {
  /** In a first line, in the head of an interim answer, or beyond all of those. */
  private at: At = "Final"
  private column = 0
  /** Until a digit differs, the first line is that of a 100. */
  private isContinue = true
  private isInterim = true

  /** An answer begins. */
  begin(): void {
    this.at = "Line"
    this.column = 0
    this.isContinue = true
    this.isInterim = true
  }

  /** Read with the socket, from now on. */
  watch(socket: Socket): void {
    const read = socket.read.bind(socket)
    socket.read = (size?: number) => {
      const chunk: unknown = read(size)
      if (this.at !== "Final" && chunk instanceof Uint8Array) this.pass(chunk)
      return chunk
    }
  }

  /** Look at what came. */
  pass(chunk: Uint8Array): void {
    for (let index = 0; index < chunk.length && this.at !== "Final"; index += 1) {
      const byte = chunk[index] ?? 0
      if (this.at === "Head") this.onHead(byte)
      else if (this.onLine(byte)) chunk[index] = byte + 2
    }
  }

  /** Whether it is the last digit of a 100. */
  private onLine(byte: number): boolean {
    const { column } = this
    // An empty line before a first line is passed over (RFC 9112, 2.2); the minor version does not matter.
    if (column === 0 && (byte === CR || byte === LF)) return false
    this.column += 1
    const isAsWanted = column === 7 || byte === start.charCodeAt(column)
    if (column < 10 && !isAsWanted) this.isInterim = false
    if (!isAsWanted) this.isContinue = false
    if (!this.isInterim) this.at = "Final"
    if (column < start.length - 1 || !this.isInterim) return false
    this.at = "Head"
    this.column = 1
    return this.isContinue
  }

  /** A head ends with an empty line. */
  private onHead(byte: number): void {
    if (byte === CR) return
    if (byte !== LF) this.column += 1
    else if (this.column === 0) this.begin()
    else this.column = 0
  }
}
