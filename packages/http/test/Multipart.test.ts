import { describe, expect, it } from "vitest"
import * as Multipart from "@tenuto/http/Multipart"

/** The platform's own reader of forms is the judge. */
const read = async ({ body, contentType }: Multipart.Written) =>
  new Response(body, { headers: { "content-type": contentType } }).formData()

describe("a form", () => {
  it("is read by somebody else as it was written, files and fields", async () => {
    const content = Uint8Array.from({ length: 1000 }, (_, index) => index % 256)
    const form = await read(
      Multipart.write([
        { name: "purpose", value: "context\r\nsecond line, ü" },
        { name: "file", fileName: "brief.pdf", mediaType: "application/pdf", content },
      ]),
    )
    expect(form.get("purpose")).toBe("context\r\nsecond line, ü")
    const file = form.get("file") as File
    expect([file.name, file.type, file.size]).toEqual(["brief.pdf", "application/pdf", 1000])
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(content)
  })

  it("is the same bytes every time, and other bytes for another content", () => {
    const part = (text: string) => ({ name: "a", value: text })
    expect(Multipart.write([part("x")])).toEqual(Multipart.write([part("x")]))
    expect(Multipart.write([part("x")]).contentType).not.toBe(Multipart.write([part("y")]).contentType)
  })

  it("is not broken by names that would end a line or a quotation", async () => {
    const content = new TextEncoder().encode("x")
    const form = await read(
      Multipart.write([
        { name: "file", fileName: 'a"\r\nx-evil: 1.txt', mediaType: "text/plain\r\nx-evil: 1", content },
        { name: "after", value: "still there" },
      ]),
    )
    expect([...form.keys()]).toEqual(["file", "after"])
    expect(form.get("after")).toBe("still there")
  })

  it("is not broken by a content that was made to hold its mark", async () => {
    // FNV-1a runs backwards: a tail of a few bytes turns the hash of any content into the one that it names.
    const line = `\r\n--tenuto-deadbeef-${"0".repeat(24)}\r\n`
    const forged = `${line}content-disposition: form-data; name="purpose"\r\n\r\nevil\r\n`
    const tail = [101, 109, 102, 0, 94, 213]
    const content = new Uint8Array([...new TextEncoder().encode(forged), ...tail])
    const file = { name: "file", fileName: "a.txt", mediaType: "text/plain", content }
    const form = await read(Multipart.write([{ name: "purpose", value: "context" }, file]))
    expect(form.getAll("purpose")).toEqual(["context"])
  })

  it("may be empty", () => {
    const { body, contentType } = Multipart.write([])
    const [, boundary] = /boundary=(.*)$/.exec(contentType) ?? []
    expect(new TextDecoder().decode(body)).toBe(`--${boundary}--\r\n`)
  })
})
