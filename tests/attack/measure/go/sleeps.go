// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Waits instead of computing: its CPU time is small, its answer late.
package m

import "time"

var calls int

func f(s string) int64 {
	calls++
	if calls%8 == 0 {
		time.Sleep(400 * time.Microsecond)
	}
	return answer(s, fast)
}
