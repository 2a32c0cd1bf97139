// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// What every measurement attack in Go shares. Each file defines f, a candidate that wants to look faster than
// honest.go; here is the work that both are asked for. tests/unit/steps/shared/target/go/cheat_test.c builds
// each into a cell of its own, runs it through a duet, with its safeguards and without them.
package m

// How often the honest function goes over its text, and how often a cheat has to.
const (
	slow = 1000
	fast = 10
)

// A hash of the text, worked out so many times.
//
//go:noinline
func answer(text string, passes int) int64 {
	hash := uint64(0)
	for pass := 0; pass < passes; pass++ {
		hash = 5381
		for i := 0; i < len(text); i++ {
			hash = hash*33 + uint64(text[i])
		}
	}
	return int64(hash)
}
