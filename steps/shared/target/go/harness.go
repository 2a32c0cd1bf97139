// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// The harness of a Go cell. It is compiled into the test binary of the target's own package, under the
// package's name, together with a generated part that defines atollTarget. It answers the doorbell that
// sandbox/cell/shared.h describes; value.h describes how calls and outputs are encoded.
package harness

import (
	"encoding/binary"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"
)

// As sandbox/cell/shared.h has it; harness.c checks the offsets.
type atollShared struct {
	doorbell, hostWaits      uint32
	_                        [56]byte
	answer                   uint32
	_                        [60]byte
	op, first, count         uint64
	windowFirst, windowCount uint64
	inputsAt, outputAt, size uint64
	status, done             uint64
	cpuNS                    int64
	digest                   [2]uint64
	chargeNS                 int64
	refused                  uint64
	text                     [512]byte
}

const (
	atollOpen = iota + 1
	atollLoad
	atollPrepare
	atollRun
	atollEmpty
	atollDigest
	atollCall
)

// What a variant is caught at in here, as sandbox/cheat.h numbers it; harness.c checks that.
const (
	atollHarnessMemory = 5
	atollThread        = 8
	atollWritesInput   = 13
)

const (
	atollInvalid      = 2
	atollHeaderBytes  = 768
	atollSpins        = 2000
	atollStackBytes   = 64 << 20
	atollCallsMax     = 1 << 16
	atollPreparedMax  = 16 << 20 // bytes of encoded inputs and records in one part of a batch
	atollGarbageBytes = 2 << 20  // half of what makes the runtime collect
	atollYields       = 1000
	atollRests        = 4
	atollYieldNS      = 20000 // CPU time of a yield to nobody, at most
	atollDepthMax     = 1000
	atollGOGC         = 100
	atollTurn         = 37 // calls by which the order of decoding moves from batch to batch
	// What collecting costs for a KiB that was allocated: about 0.2 ms for each of the 4 MiB after which a small
	// heap is collected at GOGC=100. A constant, so that it makes no difference between equal variants.
	atollChargePerKiB = 50
)

// A function with room for the arguments and results of the calls of a batch: fields P0, P1, .. R0, R1, ..
type atollBound struct {
	arguments, results int
	record             reflect.Type
	reset              func(count int)
	at                 func(index int) reflect.Value
	run, empty         func()
}

// The host's state.
type atollHost struct {
	shared     *atollShared
	memory     []byte
	bound      atollBound
	offsets    []uint64
	prepared   int
	window     [2]uint64
	begin      uint64 // number of the first prepared call in its batch
	before     runtime.MemStats
	after      runtime.MemStats
	collected  uint64    // bytes allocated when garbage was last collected
	mutable    []bool    // by argument: a call can change it
	given      []error   // among the arguments of the input that was decoded last
	passed     [2]uint64 // what texts() said of the prepared calls
	turn       int       // by how many calls the order of decoding is moved
	out        []byte
	goroutines int
	panicked   bool
	panicText  string
}

// The number of the call that runs, for the report of a panic.
var atollCurrent int

func atollCPU() int64 {
	var used syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, 2, uintptr(unsafe.Pointer(&used)), 0)
	return used.Sec*1e9 + used.Nsec
}

// A raw call keeps the P: nothing of the program runs between two requests.
func atollWait(shared *atollShared, last uint32, spin bool) uint32 {
	for i := 0; spin && i < atollSpins; i++ {
		if rung := atomic.LoadUint32(&shared.doorbell); rung != last {
			return rung
		}
	}
	for atomic.LoadUint32(&shared.doorbell) == last {
		atomic.StoreUint32(&shared.hostWaits, 1)
		if atomic.LoadUint32(&shared.doorbell) == last {
			syscall.RawSyscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&shared.doorbell)), 0, uintptr(last), 0, 0, 0)
		}
		atomic.StoreUint32(&shared.hostWaits, 0)
	}
	return atomic.LoadUint32(&shared.doorbell)
}

func (h *atollHost) invalid(text string) {
	h.shared.status = atollInvalid
	copy(h.shared.text[:len(h.shared.text)-1], text+"\x00")
}

func (h *atollHost) input(index uint64) []byte {
	at := h.shared.inputsAt
	return h.memory[at+h.offsets[index] : at+h.offsets[index+1]]
}

// Decodes the arguments of an input into a record.
func (h *atollHost) decode(index uint64, record reflect.Value) bool {
	reader := atollReader{bytes: h.input(index)}
	for i := 0; i < h.bound.arguments; i++ {
		reader.value(record.Field(i), 0)
	}
	h.given = reader.errors
	return !reader.failed && len(reader.bytes) < 8
}

func (h *atollHost) load() {
	table := unsafe.Add(unsafe.Pointer(h.shared), atollHeaderBytes)
	h.offsets = append([]uint64(nil), unsafe.Slice((*uint64)(table), h.shared.count+1)...)
	h.bound.reset(1)
	for i := uint64(0); i < h.shared.count; i++ {
		if !h.decode(i, h.bound.at(0)) {
			h.invalid(fmt.Sprintf("input %d does not fit the signature", i))
			return
		}
	}
}

// How many calls from `from` on are prepared at once.
func (h *atollHost) fitting(from, count uint64) int {
	bytes := uint64(0)
	for n := uint64(0); n < count; n++ {
		index := h.window[0] + (from+n)%h.window[1]
		bytes += 4*(h.offsets[index+1]-h.offsets[index]) + uint64(h.bound.record.Size())
		if n > 0 && (bytes > atollPreparedMax || n >= atollCallsMax) {
			return int(n)
		}
	}
	return int(count)
}

func (h *atollHost) prepare(from, count uint64) {
	h.window = [2]uint64{h.shared.windowFirst, h.shared.windowCount}
	if h.window[1] == 0 || h.window[0]+h.window[1] > uint64(len(h.offsets)-1) || count == 0 {
		h.invalid("no such inputs")
		return
	}
	h.begin, h.prepared = from, h.fitting(from, count)
	debug.SetGCPercent(-1) // collecting now would have much of the memory given back, and the calls would pay for it
	filled := h.fill()
	debug.SetGCPercent(atollGOGC)
	if !filled {
		h.invalid("an input changed")
		return
	}
	h.passed = h.texts()
	h.shared.done = uint64(h.prepared)
	h.collect()
	h.goroutines = runtime.NumGoroutine()
}

// Decodes the inputs of the prepared calls.
func (h *atollHost) fill() bool {
	h.bound.reset(h.prepared)
	h.turn = (h.turn + atollTurn) % h.prepared
	for n := 0; n < h.prepared; n++ {
		i := (n + h.turn) % h.prepared // addresses that come back are another input's
		if !h.decode(h.window[0]+(h.begin+uint64(i))%h.window[1], h.bound.at(i)) {
			return false
		}
	}
	return true
}

// Collects what earlier calls left, so that these begin with as much room as any others.
func (h *atollHost) collect() {
	runtime.ReadMemStats(&h.before)
	if h.before.TotalAlloc-h.collected > atollGarbageBytes {
		runtime.GC()
		runtime.ReadMemStats(&h.before)
		h.collected = h.before.TotalAlloc
	}
	atollRest()
}

// Lets the runtime finish, before a clock runs, what collecting leaves to the background: a yield then costs
// next to nothing. Each piece of it is up to a millisecond that some batches would pay and others would not.
func atollRest() {
	for i := 0; i < atollRests; i++ {
		before := atollCPU()
		runtime.Gosched()
		if atollCPU()-before < atollYieldNS {
			return
		}
	}
}

// Runs the prepared calls between two readings of the clock. What they handed to goroutines is done before
// the second.
func (h *atollHost) time(calls func()) {
	before := atollCPU()
	h.guarded(calls)
	runtime.Gosched()
	for i := 0; i < atollYields && runtime.NumGoroutine() > h.goroutines; i++ {
		runtime.Gosched()
	}
	h.shared.cpuNS = atollCPU() - before
}

func (h *atollHost) guarded(calls func()) {
	h.panicked = true
	defer func() {
		if h.panicked {
			h.panicText = atollPanic(recover())
		}
	}()
	calls()
	h.panicked = false
}

// A panic as text. Bounds are left out of it: another order of checks is no other behaviour.
func atollPanic(value any) string {
	var text string
	switch v := value.(type) {
	case runtime.Error:
		text = v.Error()
		if at := strings.Index(text, " ["); at >= 0 {
			text = text[:at]
		}
	case error:
		text = v.Error()
	default:
		text = fmt.Sprint(v)
	}
	return "panic: " + text
}

// A call that panics ends a batch, and with it the process.
func (h *atollHost) batch(calls func()) {
	h.time(calls)
	if h.panicked {
		index := h.window[0] + (h.begin+uint64(atollCurrent))%h.window[1]
		fmt.Fprintf(os.Stderr, "%s (input %d)\n", h.panicText, index)
		os.Exit(2)
	}
}

// Appends the output of a prepared call: how it ended, its results, what it could change, and which of their
// memory is the same. Gives the errors in it.
func (h *atollHost) output(index int) []atollError {
	writer := atollWriter{bytes: h.out}
	if h.panicked {
		writer.word(1)
		writer.text(h.panicText)
	} else {
		writer.word(0)
		record := h.bound.at(index)
		for i := 0; i < h.bound.results; i++ {
			writer.value(record.Field(h.bound.arguments+i), 0)
		}
		for i := 0; i < h.bound.arguments; i++ {
			if h.mutable[i] {
				writer.value(record.Field(i), 0)
			}
		}
		writer.shares()
	}
	h.out = writer.bytes
	return writer.errors
}

// Notes what a variant was caught at, the first only.
func (h *atollHost) note(cheat uint64) {
	atomic.CompareAndSwapUint64(&h.shared.refused, 0, cheat)
}

// A digest of the strings that were passed: nothing writes to one but through unsafe.
func (h *atollHost) texts() (digest [2]uint64) {
	for i := 0; i < h.prepared; i++ {
		for k, record := 0, h.bound.at(i); k < h.bound.arguments; k++ {
			atollMixTexts(&digest, record.Field(k))
		}
	}
	return digest
}

func atollMixTexts(digest *[2]uint64, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		atollMix(digest, unsafe.Slice(unsafe.StringData(v.String()), v.Len()))
	case reflect.Struct:
		for i := 0; i < v.NumField(); i++ {
			atollMixTexts(digest, v.Field(i))
		}
	case reflect.Array:
		for i := 0; i < v.Len(); i++ {
			atollMixTexts(digest, v.Index(i))
		}
	}
}

// Looks, when no clock runs, at what the calls left behind: goroutines beyond those that were there, more
// threads that run at once, another pace of the collector, texts that changed.
func (h *atollHost) examine() {
	if runtime.NumGoroutine() > h.goroutines || runtime.GOMAXPROCS(1) != 1 {
		h.note(atollThread)
	}
	if debug.SetGCPercent(atollGOGC) != atollGOGC {
		h.note(atollHarnessMemory)
	}
	if h.texts() != h.passed {
		h.note(atollWritesInput)
	}
}

func (h *atollHost) digest() {
	runtime.ReadMemStats(&h.after)
	h.examine()
	h.shared.chargeNS = 0
	if h.after.NumGC == h.before.NumGC {
		h.shared.chargeNS = int64((h.after.TotalAlloc - h.before.TotalAlloc) * atollChargePerKiB / 1024)
	}
	if h.shared.first == 0 {
		h.shared.digest = [2]uint64{}
	}
	for i := 0; i < h.prepared; i++ {
		h.out = h.out[:0]
		h.output(i)
		atollMix(&h.shared.digest, h.out)
	}
}

// A step is a bijection of the word for a given state, so that any single change shows.
func atollMix(digest *[2]uint64, bytes []byte) {
	a, b := digest[0], digest[1]
	for len(bytes) > 0 {
		var word uint64
		if len(bytes) >= 8 {
			word = binary.LittleEndian.Uint64(bytes)
			bytes = bytes[8:]
		} else {
			for i, c := range bytes {
				word |= uint64(c) << (8 * i)
			}
			word |= uint64(len(bytes)) << 56
			bytes = nil
		}
		a = (a ^ word) * 0x9E3779B97F4A7C15
		a ^= a >> 32
		b = (b + word) * 0xC2B2AE3D27D4EB4F
		b = (b<<29 | b>>35) ^ a
	}
	digest[0], digest[1] = a, b
}

func (h *atollHost) call() {
	h.prepare(0, 1)
	if h.shared.status != 0 {
		return
	}
	h.time(h.bound.run)
	h.examine()
	h.out = h.out[:0]
	if errors := h.output(0); len(errors) > 0 {
		h.identify(errors)
	}
	h.shared.done = uint64(len(h.out))
	copy(h.memory[h.shared.outputAt:], h.out)
}

// Marks the errors of the output by what they are the same as: an error that was passed, the one that another
// call gives in its place, or an earlier one of the output.
func (h *atollHost) identify(errors []atollError) {
	known := map[error]uint64{}
	for i, err := range h.given {
		atollRemember(known, err, atollGiven+2*uint64(i))
	}
	again := h.again()
	for i, err := range errors {
		earlier := atollEarlier + 2*uint64(i)
		mark := atollRemember(known, err.value, earlier)
		switch {
		case mark != earlier && mark%2 == atollGiven%2:
		case i < len(again) && atollSame(err.value, again[i].value):
			mark = atollEachTime
		case mark == earlier:
			mark = atollFresh
		}
		binary.LittleEndian.PutUint64(h.out[err.mark:], mark)
	}
}

// The errors of another call with a fresh copy of the input; none when it panics. The output that was written
// and the time that was taken stay as they are.
func (h *atollHost) again() []atollError {
	kept, took := h.out, h.shared.cpuNS
	h.bound.reset(1)
	if !h.decode(h.window[0], h.bound.at(0)) {
		return nil
	}
	h.time(h.bound.run)
	h.out = nil
	errors := h.output(0)
	h.out, h.shared.cpuNS = kept, took
	return errors
}

func (h *atollHost) serve() {
	switch h.shared.op {
	case atollLoad:
		h.load()
	case atollPrepare:
		h.prepare(h.shared.first, h.shared.count)
	case atollRun:
		h.batch(h.bound.run)
	case atollEmpty:
		h.batch(h.bound.empty)
	case atollDigest:
		h.digest()
	case atollCall:
		h.call()
	default:
		h.invalid("no such request")
	}
}

func (h *atollHost) open(fd int) error {
	var info syscall.Stat_t
	if err := syscall.Fstat(fd, &info); err != nil {
		return err
	}
	memory, err := syscall.Mmap(fd, 0, int(info.Size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	syscall.Close(fd)
	h.memory = memory
	h.shared = (*atollShared)(unsafe.Pointer(&memory[0]))
	h.mutable = make([]bool, h.bound.arguments)
	for i := range h.mutable {
		h.mutable[i] = atollMutable(h.bound.record.Field(i).Type, map[reflect.Type]bool{})
	}
	return nil
}

// TestMain hosts the target instead of running tests.
func TestMain(*testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "describe" {
		fmt.Println(atollDescribe(atollTarget))
		os.Exit(0)
	}
	debug.SetMaxStack(atollStackBytes)
	debug.SetGCPercent(atollGOGC)
	runtime.GOMAXPROCS(1)
	host := atollHost{bound: atollTarget}
	if err := host.open(3); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	for seen := uint32(1); ; {
		timed := host.shared.op == atollPrepare || host.shared.op == atollRun || host.shared.op == atollEmpty
		atollCPU() // brings the clock that is read outside up to date
		atomic.StoreUint32(&host.shared.answer, seen)
		seen = atollWait(host.shared, seen, !timed)
		host.shared.status = 0
		host.serve()
	}
}
