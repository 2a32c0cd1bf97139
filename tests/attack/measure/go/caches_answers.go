// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Remembers what it answered, by the text.
package m

var memory = map[string]int64{}

func f(s string) int64 {
	known, there := memory[s]
	if !there {
		known = answer(s, slow)
		memory[s] = known
	}
	return known
}
