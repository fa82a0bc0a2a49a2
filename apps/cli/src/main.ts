#!/usr/bin/env node
console.log("tenuto")
