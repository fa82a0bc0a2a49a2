/** What the service makes. No page names a type of file: these are what Word, Excel and PowerPoint documents are (I). */

const office = "application/vnd.openxmlformats-officedocument"

export const formats = {
  word: { ending: "docx", mediaType: `${office}.wordprocessingml.document` },
  excel: { ending: "xlsx", mediaType: `${office}.spreadsheetml.sheet` },
  slides: { ending: "pptx", mediaType: `${office}.presentationml.presentation` },
} as const

/** The service's own name of a format. */
export type Format = keyof typeof formats
