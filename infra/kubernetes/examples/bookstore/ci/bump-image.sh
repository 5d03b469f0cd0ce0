#!/bin/sh
# Sets one image of one environment by digest, commits and pushes: what the shop's build does once an image is pushed.
#
#   ci/bump-image.sh ENVIRONMENT IMAGE DIGEST
#   ci/bump-image.sh dev registry.example.com/bookstore/catalog sha256:9f86d0…
#
# GIT_URL    repository to push to; the origin of the clone that this script is in unless set
# GIT_BRANCH branch to push to (main)
# GIT        git program (git)
# KUSTOMIZE  kustomize program (kustomize)
# Needs git, kustomize and coreutils. Prints the commit; when the image is set already, nothing is pushed.
set -eu

[ $# -eq 3 ] || { echo "usage: $0 ENVIRONMENT IMAGE DIGEST" >&2; exit 2; }
environment=$1 image=$2 digest=$3
case $environment in '' | *[!a-z0-9-]*) echo "$0: not an environment: $environment" >&2; exit 2 ;; esac
case $digest in sha256:*) ;; *) echo "$0: not a digest: $digest" >&2; exit 2 ;; esac
git=${GIT:-git} kustomize=${KUSTOMIZE:-kustomize} branch=${GIT_BRANCH:-main}
url=${GIT_URL:-$("$git" -C "$(dirname "$0")" remote get-url origin)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

attempt=1
while :; do
  rm -rf "$work/clone"
  "$git" clone -q --depth 1 --branch "$branch" "$url" "$work/clone"
  cd "$work/clone/overlays/$environment"
  "$kustomize" edit set image "$image=$image@$digest"
  if "$git" diff --quiet; then
    echo "$environment runs $image@$digest already" >&2
    exit 0
  fi
  "$git" -c user.name='Bookstore CI' -c user.email=ci@example.com commit -q -a -m "$environment: run ${image##*/} $digest"
  # Somebody else may have pushed since the clone: then once more from where the branch is now.
  if "$git" push -q origin "HEAD:$branch"; then break; fi
  [ $attempt -lt 5 ] || { echo "$0: $branch of $url does not take the push" >&2; exit 1; }
  attempt=$((attempt + 1))
  sleep 1
done
"$git" rev-parse HEAD
