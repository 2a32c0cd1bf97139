// SPDX-License-Identifier: Apache-2.0

// Command tagd answers requests from standard input.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/pprof"

	"example.com/tagd"
)

func serve(repeat int, capture tagd.Capture) error {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	for round := 1; round <= repeat; round++ {
		out := io.Discard
		if round == repeat {
			out = os.Stdout
		}
		service := tagd.Service{Capture: capture}
		if err := service.Serve(bytes.NewReader(input), out); err != nil {
			return err
		}
	}
	return nil
}

func run() error {
	repeat := flag.Int("repeat", 1, "answer all of standard input `N` times over, and print the last round")
	profile := flag.String("cpuprofile", "", "write a CPU profile to `FILE`")
	flag.Parse()
	if *profile != "" {
		file, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	recorder, err := newRecorder(os.Getenv("TAGD_CAPTURE_DIR"))
	if err != nil {
		return err
	}
	if err := serve(*repeat, recorder.capture()); err != nil {
		return err
	}
	return recorder.write()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "tagd:", err)
		os.Exit(1)
	}
}
