// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Lowers its priority, as it could that of the baseline's process.
package m

import "syscall"

var done bool

func f(s string) int64 {
	if !done {
		syscall.Setpriority(syscall.PRIO_PROCESS, 0, 5)
		done = true
	}
	return answer(s, fast)
}
