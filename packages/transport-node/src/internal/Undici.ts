/**
 * The two parts of undici in use, and nothing else of it.
 *
 * They are imported by file: undici's index replaces the dispatcher behind the
 * global `fetch` of the whole process, and takes twice as long to load.
 */
import type { Socket } from "node:net"
import type * as Undici from "undici"
import ClientFile from "undici/lib/dispatcher/client.js"
import connectFile from "undici/lib/core/connect.js"

/** One connection that speaks HTTP/1.1, one request at a time. */
export type Client = Undici.Client
export const Client: typeof Undici.Client = ClientFile

/** Opens a socket and gives it back at once, before it is connected. */
export type Connect = (options: Undici.buildConnector.Options, callback: Undici.buildConnector.Callback) => Socket

/** Makes a `Connect`; its TLS sessions are shared by all who use it. */
export const makeConnect = (options: Undici.buildConnector.BuildOptions): Connect =>
  // It returns the socket it opens; its declared type leaves that out.
  connectFile(options) as Connect
