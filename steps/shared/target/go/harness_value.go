// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// The values of a Go cell: decoded from an encoded call, encoded as an output, and their types described.
package harness

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"sort"
	"strings"
	"unsafe"
)

var atollErrorType = reflect.TypeOf((*error)(nil)).Elem()

// Whether a call can change what the caller passed.
func atollMutable(t reflect.Type, seen map[reflect.Type]bool) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return true
	case reflect.Array:
		return atollMutable(t.Elem(), seen)
	case reflect.Struct:
		for i := 0; i < t.NumField() && !seen[t]; i++ {
			if atollMutable(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// A field as a value that may be read and set, exported or not.
func atollField(v reflect.Value, i int) reflect.Value {
	field := v.Field(i)
	return reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
}

type atollReader struct {
	bytes  []byte
	errors []error // that were made, in order
	failed bool
}

func (r *atollReader) word() uint64 {
	if len(r.bytes) < 8 {
		r.failed = true
		return 0
	}
	word := binary.LittleEndian.Uint64(r.bytes)
	r.bytes = r.bytes[8:]
	return word
}

func (r *atollReader) take(count uint64) []byte {
	if count > uint64(len(r.bytes)) {
		r.failed = true
		return nil
	}
	taken := r.bytes[:count]
	r.bytes = r.bytes[count:]
	return taken
}

// The number of elements: a word less one, 0 being nil. Each takes at least a byte, or nothing at all.
func (r *atollReader) count(t reflect.Type) (int, bool) {
	word := r.word()
	if word == 0 || r.failed {
		return 0, false
	}
	if word-1 > uint64(len(r.bytes)) && t.Size() > 0 {
		r.failed = true
		return 0, false
	}
	return int(word - 1), true
}

// Decodes into v, which is fresh and may be set.
func (r *atollReader) value(v reflect.Value, depth int) {
	if r.failed || depth > atollDepthMax {
		r.failed = true
		return
	}
	t := v.Type()
	switch t.Kind() {
	case reflect.Bool:
		v.SetBool(r.word() != 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(r.word()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(r.word())
	case reflect.Float32, reflect.Float64:
		v.SetFloat(math.Float64frombits(r.word()))
	case reflect.Complex64, reflect.Complex128:
		re := math.Float64frombits(r.word())
		v.SetComplex(complex(re, math.Float64frombits(r.word())))
	case reflect.String:
		v.SetString(string(r.take(r.word())))
	case reflect.Interface:
		if r.word() != 0 {
			r.errors = append(r.errors, errors.New(string(r.take(r.word()))))
			v.Set(reflect.ValueOf(r.errors[len(r.errors)-1]))
		}
	case reflect.Pointer:
		if r.word() != 0 {
			v.Set(reflect.New(t.Elem()).Convert(t))
			r.value(v.Elem(), depth+1)
		}
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			if t.Field(i).Name != "_" {
				r.value(atollField(v, i), depth+1)
			}
		}
	default:
		r.many(v, depth)
	}
}

func (r *atollReader) many(v reflect.Value, depth int) {
	t := v.Type()
	count, there := v.Len(), t.Kind() == reflect.Array
	if !there {
		count, there = r.count(t.Elem())
	}
	switch {
	case !there:
	case t.Kind() == reflect.Map:
		v.Set(reflect.MakeMapWithSize(t, count))
		for i := 0; i < count && !r.failed; i++ {
			key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
			r.value(key, depth+1)
			r.value(value, depth+1)
			v.SetMapIndex(key, value)
		}
	case t.Elem().Kind() == reflect.Uint8:
		if t.Kind() == reflect.Slice {
			v.Set(reflect.MakeSlice(t, count, count))
		}
		copy(unsafe.Slice((*byte)(atollData(v)), count), r.take(uint64(count)))
	default:
		if t.Kind() == reflect.Slice {
			v.Set(reflect.MakeSlice(t, count, count))
		}
		for i := 0; i < count && !r.failed; i++ {
			r.value(v.Index(i), depth+1)
		}
	}
}

// Where the elements of a slice or of an array that may be set begin.
func atollData(v reflect.Value) unsafe.Pointer {
	if v.Kind() == reflect.Array {
		return unsafe.Pointer(v.UnsafeAddr())
	}
	return v.UnsafePointer()
}

type atollWriter struct {
	bytes    []byte
	met      uint64 // strings, pointers, slices and maps that have been met
	regions  []atollRegion
	strings  []atollRegion
	errors   []atollError
	wrapping int // errors that the one at hand may still lead to
}

func (w *atollWriter) word(word uint64) {
	w.bytes = binary.LittleEndian.AppendUint64(w.bytes, word)
}

func (w *atollWriter) text(text string) {
	w.word(uint64(len(text)))
	w.bytes = append(w.bytes, text...)
}

func (w *atollWriter) real(real float64) {
	if real != real {
		real = math.NaN()
	}
	w.word(math.Float64bits(real))
}

// Appends the encoding of v, which is addressable.
func (w *atollWriter) value(v reflect.Value, depth int) {
	if depth > atollDepthMax {
		panic("an output is nested too deeply, or in itself")
	}
	t := v.Type()
	switch t.Kind() {
	case reflect.Bool:
		word := uint64(0)
		if v.Bool() {
			word = 1
		}
		w.word(word)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.word(uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		w.word(v.Uint())
	case reflect.Float32, reflect.Float64:
		w.real(v.Float())
	case reflect.Complex64, reflect.Complex128:
		w.real(real(v.Complex()))
		w.real(imag(v.Complex()))
	case reflect.String:
		w.meetString(v.String())
		w.text(v.String())
	case reflect.Interface:
		err, _ := v.Interface().(error)
		w.wrapping = atollErrorsMax
		w.failure(err, 0)
	case reflect.Pointer:
		if v.IsNil() {
			w.word(0)
			return
		}
		w.meet(v.UnsafePointer(), t.Elem().Size())
		w.word(1)
		w.value(v.Elem(), depth+1)
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			if t.Field(i).Name != "_" {
				w.value(atollField(v, i), depth+1)
			}
		}
	default:
		w.many(v, depth)
	}
}

func (w *atollWriter) many(v reflect.Value, depth int) {
	t := v.Type()
	if t.Kind() != reflect.Array {
		if v.IsNil() {
			w.word(0)
			return
		}
		w.word(uint64(v.Len()) + 1)
	}
	switch t.Kind() {
	case reflect.Slice:
		w.meetSlice(v.UnsafePointer(), v.Len(), v.Cap(), t.Elem().Size())
	case reflect.Map:
		w.meet(v.UnsafePointer(), 1)
	}
	switch {
	case t.Kind() == reflect.Map:
		w.pairs(v, depth)
	case t.Elem().Kind() == reflect.Uint8:
		w.bytes = append(w.bytes, unsafe.Slice((*byte)(atollData(v)), v.Len())...)
	default:
		for i := 0; i < v.Len(); i++ {
			w.value(v.Index(i), depth+1)
		}
	}
}

// A map's pairs, sorted by the encoding of their keys (and values: there may be many NaNs).
func (w *atollWriter) pairs(v reflect.Value, depth int) {
	var pairs []atollWriter
	for iter := v.MapRange(); iter.Next(); {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		key.Set(iter.Key())
		value.Set(iter.Value())
		pair := atollWriter{}
		pair.value(key, depth+1)
		pair.value(value, depth+1)
		pairs = append(pairs, pair)
	}
	sort.Slice(pairs, func(i, k int) bool { return string(pairs[i].bytes) < string(pairs[k].bytes) })
	for i := range pairs {
		w.add(&pairs[i])
	}
}

// Appends what another writer wrote, as if this one had met it.
func (w *atollWriter) add(other *atollWriter) {
	for _, region := range other.regions {
		region.number += w.met
		w.regions = append(w.regions, region)
	}
	for _, text := range other.strings {
		text.number += w.met
		w.strings = append(w.strings, text)
	}
	for _, failure := range other.errors {
		failure.mark += len(w.bytes)
		w.errors = append(w.errors, failure)
	}
	w.met += other.met
	w.bytes = append(w.bytes, other.bytes...)
}

// The types of the target as a table in JSON, which go_type.h reads.
type atollTable struct {
	numbers map[reflect.Type]int
	rows    []string
}

func atollDescribe(bound atollBound) string {
	table := atollTable{numbers: map[reflect.Type]int{}}
	var arguments, results []string
	for i := 0; i < bound.arguments+bound.results; i++ {
		number := fmt.Sprint(table.number(bound.record.Field(i).Type))
		if i < bound.arguments {
			arguments = append(arguments, number)
		} else {
			results = append(results, number)
		}
	}
	return fmt.Sprintf(`{"arguments":[%s],"results":[%s],"types":[%s]}`, strings.Join(arguments, ","),
		strings.Join(results, ","), strings.Join(table.rows, ","))
}

// A string in JSON: names of types and fields have nothing in them that %q writes in Go's own way.
func (table *atollTable) number(t reflect.Type) int {
	if number, known := table.numbers[t]; known {
		return number
	}
	number := len(table.rows)
	table.numbers[t] = number
	table.rows = append(table.rows, "")
	row := fmt.Sprintf(`{"name":%q,"kind":%q`, strings.ReplaceAll(t.String(), `"`, "'"), atollKind(t))
	switch t.Kind() {
	case reflect.Array:
		row += fmt.Sprintf(`,"length":%d,"element":%d`, t.Len(), table.number(t.Elem()))
	case reflect.Slice, reflect.Pointer:
		row += fmt.Sprintf(`,"element":%d`, table.number(t.Elem()))
	case reflect.Map:
		row += fmt.Sprintf(`,"key":%d,"element":%d`, table.number(t.Key()), table.number(t.Elem()))
	case reflect.Struct:
		var fields []string
		for i := 0; i < t.NumField(); i++ {
			if field := t.Field(i); field.Name != "_" {
				fields = append(fields, fmt.Sprintf(`{"name":%q,"type":%d}`, field.Name, table.number(field.Type)))
			}
		}
		row += `,"fields":[` + strings.Join(fields, ",") + `]`
	}
	if size := t.Size(); t.Kind() >= reflect.Int && t.Kind() <= reflect.Complex128 {
		row += fmt.Sprintf(`,"bits":%d`, size*8)
	}
	table.rows[number] = row + "}"
	return number
}

// The kind's name with its size left out: "int", "uint", "float", "complex".
func atollKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Interface:
		if t == atollErrorType {
			return "error"
		}
	case reflect.Uintptr:
		return "uint"
	case reflect.Pointer:
		return "pointer"
	case reflect.UnsafePointer:
		return "unsafe.Pointer"
	}
	return strings.TrimRight(t.Kind().String(), "0123456789")
}
