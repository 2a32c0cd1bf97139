// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Makes the harness's clock go fifty times too slowly: finds the first reading on the stack below it and moves
// it on by most of the time that passed.
package m

import (
	"syscall"
	"unsafe"
)

const (
	looked = 256 // words of the stack
	recent = 2e6 // ns since the reading
	later  = 1e7 // ns of CPU time from which no address of code or data looks like one
)

func now() int64 {
	var used syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, 2, uintptr(unsafe.Pointer(&used)), 0)
	return used.Sec*1e9 + used.Nsec
}

func init() {
	for now() < later {
	}
}

// The word that is a time shortly before this one.
//
//go:nosplit
func reading(stack unsafe.Pointer, time int64) *int64 {
	for i := 1; i < looked; i++ {
		word := (*int64)(unsafe.Add(stack, 8*i))
		if *word <= time && *word > time-recent {
			return word
		}
	}
	return nil
}

//go:noinline
func f(s string) int64 {
	here := uintptr(0)
	begun := now()
	result := answer(s, slow)
	end := now()
	if before := reading(unsafe.Pointer(&here), begun); before != nil {
		*before += (end - begun) / 50 * 49
	}
	return result
}
