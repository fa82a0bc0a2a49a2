import type { Matching } from "@tenuto/testkit/Matchers"

declare module "expect" {
  interface Matchers<R extends void | Promise<void>> extends Matching<R> {}
}
