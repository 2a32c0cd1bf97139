// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// No cheat: what the others are measured against.
package m

func f(s string) int64 {
	return answer(s, slow)
}
