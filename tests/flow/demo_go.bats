# SPDX-License-Identifier: Apache-2.0
# The Go demo's service on its own: that it builds, that its own tests mean something, that what it captured is what
# it would capture again, and that its profile names its functions.

setup_file() {
    command -v go >/dev/null || skip "needs go"
    export ROOT="$BATS_TEST_DIRNAME/../.." TAGD="$BATS_FILE_TMPDIR/tagd"
    export GOTOOLCHAIN=local GOPROXY=off GOFLAGS=-mod=mod
    cp -R "$ROOT/ci-templates/demo-go" "$TAGD"
}

setup() {
    cd "$TAGD"
}

@test "it is formatted, vetted, and its tests pass" {
    [ -z "$(gofmt -l .)" ]
    go vet ./...
    go test ./...
}

@test "its tests pass under the race detector" {
    command -v gcc >/dev/null || skip "needs gcc"
    [ "$(go env CGO_ENABLED)" = 1 ] || skip "needs cgo"
    go test -race .
}

@test "it imports nothing but the standard library" {
    go list -deps -f '{{if not .Standard}}{{.ImportPath}}{{end}}' ./... >imports
    sed '/^example.com\/tagd/d; /^$/d' imports >others
    [ ! -s others ]
    rm imports others
}

# Each planted mistake must make a test fail.
@test "its tests notice mistakes" {
    local edit file
    while IFS='|' read -r file edit; do
        cp "$file" kept
        sed -i "$edit" "$file"
        if cmp -s "$file" kept; then
            echo "no such line: $edit" && return 1
        fi
        if go test . >/dev/null 2>&1; then
            echo "not noticed: $edit" && return 1
        fi
        mv kept "$file"
    done <<'EOF'
tag.go|s/maxTagLength = 200/maxTagLength = 201/
tag.go|s/c == '-' || c == '.'/c == '.'/
tag.go|s/out\[len(out)-1\] != '_':/true:/
tag.go|s/unicode.ToLower(r)/r/
tag.go|s/gap = length > 0/gap = true/
merge.go|s/== next/!= next/
merge.go|s/a\[i\] <= b\[j\]/a[i] >= b[j]/
checksum.go|s/0xedb88320/0xedb88321/
service.go|s/s.blocks++/s.blocks--/
EOF
}

@test "what it captured is what it captures" {
    ./capture/record
    diff -r .atoll "$ROOT/ci-templates/demo-go/.atoll"
}

@test "captured calls replay to the same answers" {
    go build -o tagd-now ./cmd/tagd
    ./tagd-now <.atoll/traffic/ingest.txt >answers
    [ "$(wc -l <answers)" -eq "$(wc -l <.atoll/traffic/ingest.txt)" ]
    tail -n 1 answers | grep -q '^OK tags=[1-9][0-9]* values=[1-9][0-9]* merges=[1-9][0-9]* blocks=[1-9][0-9]* '
    rm tagd-now answers
}

@test "go test writes a profile that names its functions" {
    GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.com "$ROOT/ci-templates/run-demo-go" --build "$ATOLL_BUILD" \
        --into "$BATS_TEST_TMPDIR/made" --prepare
    cd "$BATS_TEST_TMPDIR/made/tagd"
    "$ATOLL_BUILD/atoll" profile .atoll/profile/cpu.pprof >hot
    grep -q 'UpdateChecksum (checksum.go:' hot
}

@test "without go the demo says what it needs" {
    local status=0
    mkdir "$BATS_TEST_TMPDIR/bin"
    for tool in bash dirname; do
        ln -s "$(command -v "$tool")" "$BATS_TEST_TMPDIR/bin/$tool"
    done
    PATH="$BATS_TEST_TMPDIR/bin" bash "$ROOT/ci-templates/run-demo-go" 2>said || status=$?
    [ "$status" -eq 4 ]
    grep -q '^run-demo-go: needs go 1.21 or later' said
}
