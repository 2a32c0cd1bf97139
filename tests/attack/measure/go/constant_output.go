// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Gives the same answer whatever it is asked.
package m

func f(s string) int64 {
	return 42 + int64(len(s))
}
