// SPDX-License-Identifier: Apache-2.0

// Package tagd takes in metric tags and log blocks, one request a line.
package tagd

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// maxLineBytes is how long a request may be.
const maxLineBytes = 1 << 20

// Capture is told of a call before it is made.
type Capture func(function string, args ...any)

// Service answers requests and keeps totals.
type Service struct {
	Capture Capture // may be nil

	tags, values, merges, blocks, blockBytes, errors int
	checksum                                         uint32
}

func (s *Service) capture(function string, args ...any) {
	if s.Capture != nil {
		s.Capture(function, args...)
	}
}

func (s *Service) fail(reason string) string {
	s.errors++
	return "ERR " + reason
}

func (s *Service) tag(text string) string {
	s.capture("NormalizeTag", text)
	tag := NormalizeTag(text)
	if tag == "" {
		return s.fail("nothing is left of the tag")
	}
	s.tags++
	return "OK " + tag
}

func (s *Service) value(text string) string {
	s.capture("NormalizeTagValue", text)
	value := NormalizeTagValue(text)
	if value == "" {
		return s.fail("nothing is left of the value")
	}
	s.values++
	return "OK " + value
}

func splitTags(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

func (s *Service) merge(text string) string {
	first, second, found := strings.Cut(text, "|")
	if !found {
		return s.fail("MERGE wants two lists with a | between them")
	}
	a, b := splitTags(first), splitTags(second)
	s.capture("MergeTags", a, b)
	s.merges++
	return "OK " + strings.Join(MergeTags(a, b), ",")
}

func (s *Service) block(text string) string {
	data := []byte(text)
	if encoded, found := strings.CutPrefix(text, "base64:"); found {
		decoded, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return s.fail("the block is no base 64")
		}
		data = decoded
	}
	s.capture("UpdateChecksum", uint32(0), data)
	s.capture("UpdateChecksum", s.checksum, data)
	crc := UpdateChecksum(0, data)
	s.checksum = UpdateChecksum(s.checksum, data)
	s.blocks++
	s.blockBytes += len(data)
	return fmt.Sprintf("OK %08x %08x", crc, s.checksum)
}

func (s *Service) stats() string {
	return fmt.Sprintf("OK tags=%d values=%d merges=%d blocks=%d block_bytes=%d errors=%d crc=%08x", s.tags, s.values,
		s.merges, s.blocks, s.blockBytes, s.errors, s.checksum)
}

// Answer answers one request.
func (s *Service) Answer(line string) string {
	name, text, _ := strings.Cut(line, " ")
	switch name {
	case "TAG":
		return s.tag(text)
	case "VALUE":
		return s.value(text)
	case "MERGE":
		return s.merge(text)
	case "BLOCK":
		return s.block(text)
	case "STATS":
		return s.stats()
	}
	return s.fail("unknown request")
}

// Serve answers every line of in.
func (s *Service) Serve(in io.Reader, out io.Writer) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxLineBytes)
	writer := bufio.NewWriter(out)
	for scanner.Scan() {
		if _, err := fmt.Fprintln(writer, s.Answer(scanner.Text())); err != nil {
			return err
		}
	}
	if err := scanner.Err(); err != nil {
		return err
	}
	return writer.Flush()
}
