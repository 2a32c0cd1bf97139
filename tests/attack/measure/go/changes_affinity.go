// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Chooses the CPUs that it runs on.
package m

import (
	"syscall"
	"unsafe"
)

var done bool

func f(s string) int64 {
	if !done {
		var cpus [128]byte
		mask := uintptr(unsafe.Pointer(&cpus))
		count, _, _ := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, uintptr(len(cpus)), mask)
		syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, count, mask)
		done = true
	}
	return answer(s, fast)
}
