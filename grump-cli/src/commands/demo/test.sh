# What greet.sh should say.
failed=0
check() {
    if [ "$2" = "$3" ]; then
        echo "passed: $1"
    else
        echo "FAILED: $1: \"$2\" instead of \"$3\""
        failed=1
    fi
}
check "it greets by name" "$(sh greet.sh Ada)" "Hello, Ada!"
check "it greets everybody else" "$(sh greet.sh)" "Hello, World!"
exit $failed
