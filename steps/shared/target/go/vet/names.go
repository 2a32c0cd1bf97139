// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// What is called what: packages that only compute, and what others are good for.
package main

import (
	"go/types"
	"strings"
)

// What is computed from arguments alone.
var pure = words("strings bytes unicode unicode/utf8 unicode/utf16 math math/bits math/cmplx math/big sort slices " +
	"strconv errors cmp maps path container/heap container/list encoding/binary encoding/hex encoding/base64 " +
	"hash hash/adler32 hash/crc32 hash/crc64 hash/fnv")

// Whose variables that are errors stay as they are, beside these: io.EOF.
var sentinels = words("io io/fs os bufio context net")

// Functions of these that only read what they are given.
var readers = words("slices.Contains slices.ContainsFunc slices.Index slices.IndexFunc slices.BinarySearch " +
	"slices.BinarySearchFunc slices.Equal slices.Max slices.Min sort.SearchInts sort.SearchStrings bytes.Equal " +
	"bytes.Compare bytes.Contains bytes.ContainsAny bytes.ContainsRune bytes.Count bytes.EqualFold bytes.HasPrefix " +
	"bytes.HasSuffix bytes.Index bytes.IndexAny bytes.IndexByte bytes.IndexRune bytes.LastIndex " +
	"bytes.LastIndexAny bytes.LastIndexByte encoding/binary.Uvarint encoding/binary.Varint hash/crc32.ChecksumIEEE")

// Methods that pure packages, and those that print, call on what they are given.
var callbacks = words("Len Less Swap Push Pop Error Is As Unwrap String GoString Format Scan Write WriteString " +
	"WriteByte WriteRune WriteTo Read ReadFrom ReadByte UnreadByte ReadRune UnreadRune Token SkipSpace Width " +
	"Precision Flag Uint16 Uint32 Uint64 PutUint16 PutUint32 PutUint64 AppendUint16 AppendUint32 AppendUint64 Sum Sum32 " +
	"Sum64 Reset Size BlockSize")

// What functions of some call instead of the methods of the interfaces that they are given.
var asksFor = map[string][]string{
	"errors": {"Is", "As", "Unwrap"},
	"fmt":    strings.Fields("Error Unwrap String GoString Format Scan Write Read ReadRune UnreadRune"),
}

// What else a package is good for: the first row that fits; no names are all names.
var packages = []struct{ path, names, cheat string }{
	{"time", "Sleep After AfterFunc Tick NewTicker NewTimer", "waits"},
	{"time", "", "reads-clock"},
	{"os", "Exit", "early-exit"},
	{"log", "Fatal Fatalf Fatalln Panic Panicf Panicln", "early-exit"},
	{"os", "StartProcess", "child-process"},
	{"os/exec", "", "child-process"},
	{"os/signal", "", "signal-handler"},
	{"unsafe", "", "harness-memory"},
	{"reflect", "", "harness-memory"},
	{"runtime", "Goexit", "early-exit"},
	{"runtime", "GOMAXPROCS Gosched LockOSThread UnlockOSThread SetFinalizer AddCleanup", "thread"},
	{"runtime/debug", "", "harness-memory"},
	{"hash/crc32", "MakeTable", "keeps-state"}, // the same memory for everybody
	{"hash/crc64", "MakeTable", "keeps-state"},
	{"sync", "", "keeps-state"},
	{"sync/atomic", "", "keeps-state"},
	{"unique", "", "keeps-state"},
	{"weak", "", "keeps-state"},
	{"math/rand", "", "keeps-state"},
	{"math/rand/v2", "", "keeps-state"},
}

var builtins = map[string]string{
	"recover": "signal-handler", // a fault of memory is a panic, too
	"close":   "waits",
	"print":   "system-call",
	"println": "system-call",
}

func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[word] = true
	}
	return set
}

func isSentinel(variable *types.Var) bool {
	path := variable.Pkg().Path()
	return isError(variable.Type()) && (pure[path] || sentinels[path])
}

// Whether a function only reads slices that it is given: binary.LittleEndian.Uint32, too, but not the method of an
// interface, which may be anybody's.
func isReader(function *types.Func) bool {
	if function.Pkg() == nil {
		return false
	}
	receiver := function.Type().(*types.Signature).Recv()
	if receiver == nil {
		return readers[function.Pkg().Path()+"."+function.Name()]
	}
	return function.Pkg().Path() == "encoding/binary" && strings.HasPrefix(function.Name(), "Uint") &&
		!types.IsInterface(receiver.Type())
}

// Whether an object only computes.
func isPure(object types.Object) bool {
	if object.Pkg().Path() == "time" {
		return isMethodOf(object, "Duration", "Time", "Month", "Weekday") && object.Name() != "Local"
	}
	return pure[object.Pkg().Path()] && object.Name() != "MakeTable"
}

func isMethodOf(object types.Object, names ...string) bool {
	function, ok := object.(*types.Func)
	if !ok || function.Type().(*types.Signature).Recv() == nil {
		return false
	}
	named := namedOf(function.Type().(*types.Signature).Recv().Type())
	for _, name := range names {
		if named != nil && named.Obj().Name() == name {
			return true
		}
	}
	return false
}

// The named type that a type is or points to; nil when there is none.
func namedOf(t types.Type) *types.Named {
	if pointer, ok := unalias(t).(*types.Pointer); ok {
		t = pointer.Elem()
	}
	named, _ := unalias(t).(*types.Named)
	return named
}

// As types.Unalias, which Go 1.21 has not, and neither has it such types.
func unalias(t types.Type) types.Type {
	for {
		alias, ok := t.(interface{ Rhs() types.Type })
		if !ok {
			return t
		}
		t = alias.Rhs()
	}
}

func cheatOf(object types.Object) string {
	for _, row := range packages {
		if object.Pkg() != nil && object.Pkg().Path() == row.path && (row.names == "" || words(row.names)[object.Name()]) {
			return row.cheat
		}
	}
	return "system-call"
}
