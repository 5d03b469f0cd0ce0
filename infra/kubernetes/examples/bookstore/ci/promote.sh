#!/bin/sh
# Moves an image from one environment to the next: the digest that the first one runs is set in the second one and pushed.
#
#   ci/promote.sh FROM TO IMAGE
#   ci/promote.sh dev staging registry.example.com/bookstore/catalog
#
# Takes the environment variables of bump-image.sh, which does the rest.
set -eu

[ $# -eq 3 ] || { echo "usage: $0 FROM TO IMAGE" >&2; exit 2; }
from=$1 to=$2 image=$3
case $from in '' | *[!a-z0-9-]*) echo "$0: not an environment: $from" >&2; exit 2 ;; esac
here=$(cd "$(dirname "$0")" && pwd)
git=${GIT:-git} kustomize=${KUSTOMIZE:-kustomize} branch=${GIT_BRANCH:-main}
url=${GIT_URL:-$("$git" -C "$here" remote get-url origin)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
"$git" clone -q --depth 1 --branch "$branch" "$url" "$work/clone"
"$kustomize" build "$work/clone/overlays/$from" > "$work/rendered"

digest=
while read -r field value _; do
  case $field:$value in "image::$image@"*) digest=${value#"$image@"} ;; esac
done < "$work/rendered"
[ -n "$digest" ] || { echo "$0: $from does not run $image by digest" >&2; exit 1; }
GIT_URL=$url "$here/bump-image.sh" "$to" "$image" "$digest"
