// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Which memory of a Go cell's output is the same, so that a slice that is returned differs from its copy.
package harness

import (
	"sort"
	"unsafe"
)

// The memory behind a value: a slice's up to its capacity, what a pointer points to, a string's. A map is a byte.
type atollRegion struct {
	number           uint64 // in the order in which such values are met
	start, seen, end uintptr
	element          uintptr // bytes of a slice's element; 0 for what has no capacity
}

func (w *atollWriter) meetRegion(at unsafe.Pointer, seen, room, element uintptr) {
	if start := uintptr(at); room > 0 {
		w.regions = append(w.regions, atollRegion{w.met, start, start + seen, start + room, element})
	}
	w.met++
}

// A pointer to so many bytes.
func (w *atollWriter) meet(at unsafe.Pointer, size uintptr) {
	w.meetRegion(at, size, size, 0)
}

func (w *atollWriter) meetSlice(at unsafe.Pointer, length, capacity int, element uintptr) {
	w.meetRegion(at, uintptr(length)*element, uintptr(capacity)*element, element)
}

func (w *atollWriter) meetString(text string) {
	if start := uintptr(unsafe.Pointer(unsafe.StringData(text))); text != "" {
		end := start + uintptr(len(text))
		w.strings = append(w.strings, atollRegion{w.met, start, end, end, 0})
	}
	w.met++
}

// Regions that overlap, directly or by others between them. Nothing but one allocation can make a group.
func atollGroups(regions []atollRegion) [][]atollRegion {
	var groups [][]atollRegion
	sort.Slice(regions, func(i, k int) bool { return regions[i].start < regions[k].start })
	for first, next := 0, 0; first < len(regions); first = next {
		end := regions[first].end
		for next = first + 1; next < len(regions) && regions[next].start < end; next++ {
			end = max(end, regions[next].end)
		}
		groups = append(groups, regions[first:next])
	}
	return groups
}

// The strings that lie in memory which can be changed. Those that only share with each other are no matter.
func (w *atollWriter) changeable() []atollRegion {
	var found []atollRegion
	var ends []uintptr // of groups
	groups := atollGroups(w.regions)
	for _, group := range groups {
		end := group[0].end
		for _, region := range group {
			end = max(end, region.end)
		}
		ends = append(ends, end)
	}
	for _, text := range w.strings {
		i := sort.Search(len(ends), func(i int) bool { return ends[i] > text.start })
		if i < len(ends) && groups[i][0].start < text.end {
			found = append(found, text)
		}
	}
	return found
}

// How many elements a slice's capacity has of the memory that is seen: what lies behind it is nobody's, and how
// much there is, is a matter of how it grew.
func (r atollRegion) room(seen uintptr) uint64 {
	if r.element == 0 {
		return 0
	}
	end := max(r.start, min(r.end, seen))
	return uint64((end-r.start)/r.element) + 1
}

// Appends the groups of what shares memory.
func (w *atollWriter) shares() {
	var shared [][]atollRegion
	if len(w.regions) > 0 && len(w.strings) > 0 {
		w.regions = append(w.regions, w.changeable()...)
	}
	for _, group := range atollGroups(w.regions) {
		if len(group) > 1 {
			sort.Slice(group, func(i, k int) bool { return group[i].number < group[k].number })
			shared = append(shared, group)
		}
	}
	sort.Slice(shared, func(i, k int) bool { return shared[i][0].number < shared[k][0].number })
	w.word(uint64(len(shared)))
	for _, group := range shared {
		w.group(group)
	}
}

func (w *atollWriter) group(group []atollRegion) {
	start, seen := group[0].start, group[0].seen
	for _, region := range group {
		start, seen = min(start, region.start), max(seen, region.seen)
	}
	w.word(uint64(len(group)))
	for _, region := range group {
		w.word(region.number)
		w.word(uint64(region.start - start))
		w.word(region.room(seen))
	}
}
