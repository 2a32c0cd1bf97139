// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Errors in the outputs of a Go cell, by all that a program can tell of them.
package harness

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
)

const (
	atollErrorsMax     = 100 // that one error leads to
	atollErrorDepthMax = 16
)

// Marks of errors; value.h describes them.
const (
	atollFresh    = 0
	atollEachTime = 1
	atollGiven    = 2 // and twice the number, from 0
	atollEarlier  = 3 // likewise
)

// An error in an output, and where its mark stands.
type atollError struct {
	value error
	mark  int
}

// Appends an error with a mark that is still to be set: its text; its type, unless that only holds a text; what
// it wraps.
func (w *atollWriter) failure(err error, depth int) {
	if err == nil {
		w.word(0)
		return
	}
	w.word(1)
	w.errors = append(w.errors, atollError{err, len(w.bytes)})
	w.word(atollFresh)
	w.text(atollErrorText(err))
	t := reflect.TypeOf(err)
	wrapped, wraps := atollWrapped(err)
	ours := !atollIsPlain(t)
	if !ours && !wraps {
		w.text("")
		return
	}
	w.text(atollErrorName(err, t))
	w.state(err, ours)
	if depth >= atollErrorDepthMax {
		wrapped = nil
	}
	wrapped = wrapped[:min(len(wrapped), w.wrapping)]
	w.wrapping -= len(wrapped)
	w.word(uint64(len(wrapped)))
	for _, inner := range wrapped {
		w.failure(inner, depth+1)
	}
}

// The text; of one whose method panics for want of a value, that.
func atollErrorText(err error) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = atollPanic(r)
		}
	}()
	return err.Error()
}

func atollWrapped(err error) (wrapped []error, wraps bool) {
	defer func() { _ = recover() }()
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		wraps = true
		if inner := e.Unwrap(); inner != nil {
			wrapped = []error{inner}
		}
	case interface{ Unwrap() []error }:
		wraps = true
		wrapped = e.Unwrap()
	}
	return wrapped, wraps
}

// Whether it is what errors.New, errors.Join or fmt.Errorf make: these have a text and what they wrap, and
// nothing else that a program can ask for.
func atollIsPlain(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := t.Name()
	return (t.PkgPath() == "errors" || t.PkgPath() == "fmt") && name != "" && strings.ToLower(name[:1]) == name[:1]
}

// The type with its package's whole path, and what it does beside Error and Unwrap.
func atollErrorName(err error, t reflect.Type) string {
	name := ""
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		name, t = "*", t.Elem()
	}
	if t.PkgPath() == "" {
		name += t.String()
	} else {
		name += t.PkgPath() + "." + t.Name()
	}
	var does []string
	if _, is := err.(interface{ Is(error) bool }); is {
		does = append(does, "Is")
	}
	if _, is := err.(interface{ As(any) bool }); is {
		does = append(does, "As")
	}
	if _, is := err.(interface{ Timeout() bool }); is {
		does = append(does, "Timeout")
	}
	if _, is := err.(interface{ Temporary() bool }); is {
		does = append(does, "Temporary")
	}
	if _, is := err.(interface{ RuntimeError() }); is {
		does = append(does, "RuntimeError")
	}
	if len(does) > 0 {
		name += " with " + strings.Join(does, ", ")
	}
	return name
}

// Appends the fields of a structure by name and type, with the values of numbers and strings; of any other type
// its value. Two types of one name, the inner one declared in a function, are told apart.
func (w *atollWriter) state(err error, ours bool) {
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	at := len(w.bytes)
	w.word(0)
	count := uint64(0)
	switch {
	case !ours || !v.IsValid():
	case v.Kind() == reflect.Struct:
		count = w.fields(v, "")
	default:
		w.text(v.Kind().String())
		w.scalar(v)
		count = 1
	}
	binary.LittleEndian.PutUint64(w.bytes[at:], count)
}

func (w *atollWriter) fields(v reflect.Value, path string) uint64 {
	count := uint64(0)
	t := v.Type()
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		// Moments differ from call to call, program counters from build to build.
		if field.Type.Kind() == reflect.Struct && field.Type.PkgPath() != "time" {
			count += w.fields(v.Field(i), path+field.Name+".")
			continue
		}
		w.text(path + field.Name + " " + field.Type.String())
		if field.Type.Kind() == reflect.Uintptr {
			w.word(0)
		} else {
			w.scalar(v.Field(i))
		}
		count++
	}
	return count
}

// Appends 1 and the value as a text; 0 for what is no number and no string.
func (w *atollWriter) scalar(v reflect.Value) {
	var value any
	switch {
	case v.Kind() == reflect.Bool:
		value = v.Bool()
	case v.CanInt():
		value = v.Int()
	case v.CanUint():
		value = v.Uint()
	case v.CanFloat():
		value = v.Float()
	case v.Kind() == reflect.String:
		value = v.String()
	default:
		w.word(0)
		return
	}
	w.word(1)
	w.text(fmt.Sprint(value))
}

// Whether they are ==; those of a type that can't be compared are not.
func atollSame(a, b error) (same bool) {
	defer func() { _ = recover() }()
	return a == b
}

// The mark that an error that is == to this one was remembered with; when there is none, this one is, with
// `mark`. An error of a type that can't be compared never is.
func atollRemember(known map[error]uint64, err error, mark uint64) (first uint64) {
	defer func() { _ = recover() }()
	first = mark
	if earlier, is := known[err]; is {
		return earlier
	}
	known[err] = mark
	return mark
}
