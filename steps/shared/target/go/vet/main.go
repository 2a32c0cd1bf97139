// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Looks at a variant of a Go function with the language's own type checker, for what a function that computes
// its results from its arguments has no use for, unless the function had it already: packages that reach
// outside, goroutines, state that outlives a call, code that runs before main, the harness's own names.
//
//	vet LIST FILE START END VARIANT VARIANT_END
//
// LIST is what `go list -export -deps -json` says of the package, FILE one of its files, in which the function
// stands from byte START to END; VARIANT is the file with a variant from START to VARIANT_END. Prints the cheat
// as sandbox/cheat.h names it and what was seen ("waits: use of time.Sleep"), or nothing. Exits with 1 and the
// reason when it can't tell.
package main

import (
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"strconv"
)

const textMaxBytes = 100

func run(arguments []string) (*refusal, error) {
	if len(arguments) != 6 {
		return nil, errors.New("usage: vet LIST FILE START END VARIANT VARIANT_END")
	}
	list, file, variant := arguments[0], arguments[1], arguments[4]
	var at [3]int
	for i, k := range []int{2, 3, 5} {
		var err error
		if at[i], err = strconv.Atoi(arguments[k]); err != nil {
			return nil, err
		}
	}
	packages, own, err := readList(list)
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	importer := newExports(files, packages, own)
	before, after := newView(files), newView(files)
	if err := before.load(importer, own, file, file, at[0], at[1]); err != nil {
		return nil, err
	}
	if len(before.errors) > 0 && len(own.CgoFiles) == 0 {
		return nil, before.errors[0]
	}
	var unreadable scanner.ErrorList
	if err := after.load(importer, own, file, variant, at[0], at[2]); errors.As(err, &unreadable) {
		return &refusal{"harness-memory", "the language's own parser does not read it: " + unreadable[0].Msg}, nil
	} else if err != nil {
		return nil, err
	}
	if after.crossed {
		return &refusal{"harness-memory", "a comment or text that hides what follows"}, nil
	}
	if unknown := after.newError(before); unknown != "" {
		return &refusal{"harness-memory", "it compiles only beside the harness: " + unknown}, nil
	}
	if refused := newVetting(after, before.habits()).all(); refused != nil {
		return refused, nil
	}
	if directive := after.newDirective(before); directive != "" {
		return &refusal{"assembler", "a compiler directive: " + directive}, nil
	}
	return nil, nil
}

func main() {
	refused, err := run(os.Args[1:])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if refused != nil {
		fmt.Println(refused)
	}
}
