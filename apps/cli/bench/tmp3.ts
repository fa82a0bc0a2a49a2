import * as T from "@tenuto/testkit/Transitions"
console.log(T.all.length, T.all)
