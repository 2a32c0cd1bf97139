// SPDX-License-Identifier: Apache-2.0

package tagd

// MergeTags merges two sorted lists of tags into one sorted list without duplicates.
func MergeTags(a, b []string) []string {
	var merged []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		var next string
		if j == len(b) || (i < len(a) && a[i] <= b[j]) {
			next = a[i]
			i++
		} else {
			next = b[j]
			j++
		}
		if len(merged) > 0 && merged[len(merged)-1] == next {
			continue
		}
		merged = append(merged, next)
	}
	return merged
}
