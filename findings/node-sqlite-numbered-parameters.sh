#!/usr/bin/env bash
# node:sqlite of Node 22.19.0: a statement with `?1` and `?2` cannot be given its values by position; Node 24.21.0 takes them.
#
# Guessed: numbered parameters are parameters by position (https://www.sqlite.org/lang_expr.html#parameters), in each.
# Seen: 22.19.0 "column index out of range", 24.21.0 "a b".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/probe.mjs" <<'JS'
import { DatabaseSync } from "node:sqlite"
const sqlite = new DatabaseSync(":memory:")
try {
  const row = sqlite.prepare("SELECT ?1 AS one, ?2 AS two").get("a", "b")
  console.log(`${row.one} ${row.two}`)
} catch (error) {
  console.log(error.message)
}
JS
for version in 22.19.0 24.21.0; do
  mkdir "$folder/$version"
  cd "$folder/$version"
  npm init -y >/dev/null
  npm install --silent --no-audit --no-fund "node@$version"
  said=$(./node_modules/.bin/node --no-warnings "$folder/probe.mjs")
  echo "$version $said"
  case "$version" in
    22.19.0) [ "$said" = "column index out of range" ] ;;
    24.21.0) [ "$said" = "a b" ] ;;
  esac
done
