#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The rules of the house must fail where they are broken.

rules() {
    perl "$BATS_TEST_DIRNAME/../style/rules" "$BATS_TEST_TMPDIR/house"
}

setup() {
    house=$BATS_TEST_TMPDIR/house
    mkdir -p "$house"/{base,sandbox,workflow,steps/one,steps/two,steps/shared/noun,cmd}
    cd "$house"
    printf '// SPDX-License-Identifier: Apache-2.0\n#include "base/a.h"\n\nint\na(void)\n{\n    return 0;\n}\n' >base/a.c
    printf '// SPDX-License-Identifier: Apache-2.0\n// A noun.\n#ifndef A\n#define A\n\n// Gives 0.\nint a(void);\n\n#endif\n' >base/a.h
}

@test "a house in order is clean" {
    run rules
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "an upward include" {
    sed -i '2i #include "workflow/step.h"' base/a.c
    run rules
    [ "$status" -eq 1 ]
    [[ $output == *"base/a.c:2: upward include"* ]]
}

@test "a step that includes another step" {
    sed 's|base/a.h|steps/two/b.h|' base/a.c >steps/one/a.c
    run rules
    [ "$status" -eq 1 ]
    [[ $output == *"steps/one/a.c:2: a step may not include another step's folder"* ]]
    sed -i 's|steps/two/b.h|steps/shared/noun/b.h|' steps/one/a.c
    run rules
    [ "$status" -eq 0 ]
}

@test "a second door to a library" {
    sed -i '2i #include <sqlite3.h>' base/a.c
    run rules
    [ "$status" -eq 1 ]
    [[ $output == *"base/a.c:2: second door to sqlite3.h"* ]]
}

@test "a file of 801 lines" {
    for _ in $(seq 793); do echo "// x" >>base/a.c; done
    run rules
    [ "$status" -eq 1 ]
    [[ $output == *"file has 801 lines"* ]]
    sed -i '$d' base/a.c
    run rules
    [ "$status" -eq 0 ]
}

@test "a function of 101 lines" {
    { head -6 base/a.c && for _ in $(seq 97); do echo "    (void)0;"; done && printf '    return 0;\n}\n'; } >b && mv b base/a.c
    run rules
    [ "$status" -eq 1 ]
    [[ $output == *"function a has 101 lines"* ]]
}

@test "a header function without a word about it" {
    sed -i '/Gives 0/d' base/a.h
    run rules
    [ "$status" -eq 1 ]
    [[ $output == *"base/a.h:6: undocumented declaration"* ]]
}

@test "no SPDX line, and a banned function" {
    sed -i 1d base/a.c
    sed -i 's/return 0;/return atoi("0");/' base/a.c
    run rules
    [ "$status" -eq 1 ]
    [[ $output == *"no SPDX"* ]]
    [[ $output == *"banned function atoi"* ]]
}
