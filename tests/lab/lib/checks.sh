# shellcheck shell=bash
# Counting checks: one line each, a last line "N passed, N failed, N skipped". The script that reads this file may
# define `diagnose NAME`: it prints what helps to understand a failure.

CHECKS_PASSED=0 CHECKS_FAILED=0
passed() { printf 'ok   %s\n' "$1"; CHECKS_PASSED=$((CHECKS_PASSED + 1)); }
failed() {
    printf 'FAIL %s%s\n' "$1" "${2:+: $2}"
    CHECKS_FAILED=$((CHECKS_FAILED + 1))
    ! declare -F diagnose >/dev/null || diagnose "$1" 2>&1 | sed 's/^/     | /'
}
# expect WHAT COMMAND…: the command succeeds
expect() {
    local what=$1
    shift
    if "$@"; then passed "$what"; else failed "$what"; fi
}
refute() {
    local what=$1
    shift
    if "$@"; then failed "$what"; else passed "$what"; fi
}
# same WHAT WANTED SEEN
same() {
    if [ "$2" = "$3" ]; then passed "$1"; else failed "$1" "wanted $(shorten "$2"), got $(shorten "$3")"; fi
}
shorten() {
    local text=${1//$'\n'/ \\ }
    [ ${#text} -le 300 ] && printf '“%s”' "$text" || printf '“%s…”' "${text:0:300}"
}
# within SECONDS COMMAND…: tries again until it succeeds
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt "$end" ] || return 1
        sleep 0.2
    done
}
# A limit of time, for a machine of its own; times as many labs as run at the same time: patient NUMBER
patient() { echo $(($1 * ${SIXGATE_TESTS_BESIDE:-1})); }
milliseconds() { printf '%s\n' $(($(date +%s%N) / 1000000)); }
# The last line; the exit code says whether all is well.
count_checks() {
    printf '%d passed, %d failed, 0 skipped\n' "$CHECKS_PASSED" "$CHECKS_FAILED"
    [ "$CHECKS_FAILED" = 0 ] && [ "$CHECKS_PASSED" -gt 0 ]
}
