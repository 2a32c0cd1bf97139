// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"unicode/utf8"

	"example.com/tagd"
)

// maxCalls and maxBytes are how much is kept of each function: its first distinct calls.
const (
	maxCalls = 600
	maxBytes = 200000
)

// calls are distinct calls of one function in the order of their first appearance.
type calls struct {
	lines []string
	count map[string]int
	bytes int
}

// recorder keeps calls until they are written, a file a function.
type recorder struct {
	folder    string
	functions map[string]*calls
}

func newRecorder(folder string) (*recorder, error) {
	if folder == "" {
		return &recorder{}, nil
	}
	return &recorder{folder, map[string]*calls{}}, os.MkdirAll(folder, 0o777)
}

func (r *recorder) capture() tagd.Capture {
	if r.folder == "" {
		return nil
	}
	return r.add
}

// plain is an argument as captured calls hold it: bytes and strings that are no text in base 64.
func plain(argument any) any {
	switch value := argument.(type) {
	case string:
		if !utf8.ValidString(value) {
			return map[string]any{"b64": []byte(value)}
		}
	case []byte:
		if !utf8.Valid(value) {
			return map[string]any{"b64": value}
		}
		return string(value)
	}
	return argument
}

func (r *recorder) add(function string, args ...any) {
	plains := make([]any, 0, len(args))
	for _, argument := range args {
		plains = append(plains, plain(argument))
	}
	line, err := json.Marshal(plains)
	if err != nil {
		panic(err)
	}
	known := r.functions[function]
	if known == nil {
		known = &calls{count: map[string]int{}}
		r.functions[function] = known
	}
	key := string(line)
	if known.count[key] == 0 {
		if len(known.lines) == maxCalls || known.bytes+len(key) > maxBytes {
			return
		}
		known.lines = append(known.lines, key)
		known.bytes += len(key)
	}
	known.count[key]++
}

func (r *recorder) write() error {
	for function, known := range r.functions {
		file, err := os.Create(filepath.Join(r.folder, function+".jsonl"))
		if err != nil {
			return err
		}
		for _, line := range known.lines {
			fmt.Fprintf(file, "{\"args\": %s, \"count\": %d}\n", line, known.count[line])
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}
