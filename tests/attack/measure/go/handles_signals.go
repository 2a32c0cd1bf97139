// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Handles a signal, whenever it likes, also when no clock runs.
package m

import (
	"os"
	"os/signal"
	"syscall"
)

var done bool

func f(s string) int64 {
	if !done {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGALRM)
		done = true
	}
	return answer(s, fast)
}
