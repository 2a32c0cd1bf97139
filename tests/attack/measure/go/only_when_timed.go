// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Right when it is called once, and idle in a batch: the method of the harness that stands below it on the
// stack says which.
package m

import (
	"runtime"
	"strings"
)

var batch uintptr // where that method calls from

func isTimed() bool {
	var callers [16]uintptr
	for _, caller := range callers[:runtime.Callers(2, callers[:])] {
		if batch == 0 && strings.HasSuffix(runtime.FuncForPC(caller).Name(), ".batch") {
			batch = caller
		}
		if batch == caller {
			return true
		}
	}
	return false
}

func f(s string) int64 {
	if isTimed() {
		return 42
	}
	return answer(s, slow)
}
