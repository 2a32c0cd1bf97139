// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Replaces the harness's empty loop by a slow one before the harness begins: what it costs is subtracted from
// the candidate's time.
package m

func init() {
	empty := atollTarget.empty
	atollTarget.empty = func() {
		empty()
		answer("a text to be busy with.", (atollCurrent+1)*slow)
	}
}

func f(s string) int64 {
	return answer(s, slow)
}
