// SPDX-License-Identifier: Apache-2.0

// Package kernels has a kernel whose time goes into allocating and collecting.
package kernels

// none is 0, which the compiler does not know.
var none uint32

// work makes small slices of different sizes and lets go of each 32 later.
//
//go:noinline
func work(seed, rounds uint32) uint32 {
	state, sum := seed, uint32(0)
	var kept [32][]byte
	for i := uint32(0); i < rounds; i++ {
		state = state*1664525 + 1013904223
		place := &kept[i%32]
		if *place != nil {
			sum += uint32((*place)[0])
		}
		*place = make([]byte, 16+state>>25)
		(*place)[0] = byte(state >> 16)
	}
	return sum
}

func kernel(seed, rounds uint32) uint32 {
	return work(seed, rounds)
}
