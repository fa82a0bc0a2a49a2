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

  it("may be empty", () => {
    const { body, contentType } = Multipart.write([])
    const [, boundary] = /boundary=(.*)$/.exec(contentType) ?? []
    expect(new TextDecoder().decode(body)).toBe(`--${boundary}--\r\n`)
  })
})
