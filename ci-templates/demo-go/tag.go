// SPDX-License-Identifier: Apache-2.0

package tagd

import (
	"strings"
	"unicode"
)

// maxTagLength is how many characters of a tag or a value are kept.
const maxTagLength = 200

func isLower(c byte) bool {
	return c >= 'a' && c <= 'z'
}

func isDigit(c byte) bool {
	return c >= '0' && c <= '9'
}

func isTagStart(c byte) bool {
	return isLower(c) || c == ':'
}

func isTagChar(c byte) bool {
	return isLower(c) || isDigit(c) || c == '-' || c == '.' || c == '/' || c == ':'
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c - 'A' + 'a'
	}
	return c
}

// NormalizeTag returns the normal form of a tag: lower case, one underscore in place of whatever does not belong
// into a tag, none at the end, and a letter or a colon first. What is left may be empty.
func NormalizeTag(tag string) string {
	var out []byte
	for i := 0; i < len(tag) && len(out) < maxTagLength; i++ {
		c := lower(tag[i])
		switch {
		case len(out) == 0:
			if isTagStart(c) {
				out = append(out, c)
			}
		case isTagChar(c):
			out = append(out, c)
		case out[len(out)-1] != '_':
			out = append(out, '_')
		}
	}
	for len(out) > 0 && out[len(out)-1] == '_' {
		out = out[:len(out)-1]
	}
	return string(out)
}

func isValueChar(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-./:", r)
}

// NormalizeTagValue returns the normal form of an arbitrary value of a tag, which may hold letters of every script:
// lower case, with one underscore in place of each gap of other characters, but none at either end.
func NormalizeTagValue(value string) string {
	var out strings.Builder
	length := 0
	gap := false
	for _, r := range value {
		if length >= maxTagLength {
			break
		}
		if !isValueChar(r) {
			gap = length > 0
			continue
		}
		if gap {
			if length+2 > maxTagLength {
				break
			}
			out.WriteByte('_')
			length++
			gap = false
		}
		out.WriteRune(unicode.ToLower(r))
		length++
	}
	return out.String()
}
