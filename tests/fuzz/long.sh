#!/usr/bin/env bash
# Fuzzes on stable Rust, one target after the other, and keeps what widens the coverage.
#
#   long.sh SECONDS [TARGET...]     all targets unless named
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:?seconds for each target}; shift
# shellcheck disable=SC2207
targets=("$@"); [ ${#targets[@]} -gt 0 ] || targets=($(ls corpus))
for target in "${targets[@]}"; do
  # What a reader takes in one piece: a recording has lines of kilobytes, an address a few bytes.
  case $target in
    address) longest=300 ;;
    recording | symptom) longest=12000 ;;
    *) longest=3000 ;;
  esac
  mkdir -p "work/$target"
  nice cargo +stable fuzz run --fuzz-dir . --sanitizer none "$target" "work/$target" "corpus/$target" -- \
    -max_total_time="$seconds" -max_len="$longest" -timeout=20 -rss_limit_mb=1024 -print_final_stats=1
  # Only what adds to the kept corpus is copied: names of its own inputs stay.
  nice cargo +stable fuzz run --fuzz-dir . --sanitizer none "$target" "corpus/$target" "work/$target" -- -merge=1 -max_len="$longest"
done
