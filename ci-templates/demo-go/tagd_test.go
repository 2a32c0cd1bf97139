// SPDX-License-Identifier: Apache-2.0

package tagd

import (
	"hash/crc32"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestNormalizeTag(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"env:prod":               "env:prod",
		"Env:Prod":               "env:prod",
		"12_host":                "host",
		"  User-Agent: Go  ":     "user-agent:_go",
		"a__b":                   "a_b",
		"a\xff\xfeb":             "a_b",
		"über":                   "ber",
		"_":                      "",
		strings.Repeat("x", 300): strings.Repeat("x", 200),
	} {
		if got := NormalizeTag(in); got != want {
			t.Errorf("NormalizeTag(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNormalizeTagValue(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"Web-Frontend":           "web-frontend",
		"the  100% Käse":         "the_100_käse",
		" x ":                    "x",
		"МОСКВА 7":               "москва_7",
		"a\xffb":                 "a_b",
		strings.Repeat("é", 300): strings.Repeat("é", 200),
	} {
		if got := NormalizeTagValue(in); got != want {
			t.Errorf("NormalizeTagValue(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMergeTags(t *testing.T) {
	for _, c := range []struct{ a, b, want []string }{
		{nil, nil, nil},
		{[]string{"a", "c"}, nil, []string{"a", "c"}},
		{nil, []string{"b"}, []string{"b"}},
		{[]string{"a", "b", "b"}, []string{"b", "c"}, []string{"a", "b", "c"}},
		{[]string{"x"}, []string{"a", "x", "z"}, []string{"a", "x", "z"}},
	} {
		if got := MergeTags(c.a, c.b); !reflect.DeepEqual(got, c.want) {
			t.Errorf("MergeTags(%q, %q) = %q, want %q", c.a, c.b, got, c.want)
		}
	}
}

func TestUpdateChecksum(t *testing.T) {
	data := []byte("123456789 the quick brown fox jumps over the lazy dog")
	for n := range data {
		if got, want := UpdateChecksum(0, data[:n]), crc32.ChecksumIEEE(data[:n]); got != want {
			t.Errorf("of %d bytes: %08x, want %08x", n, got, want)
		}
		if got, want := UpdateChecksum(UpdateChecksum(0, data[:n]), data[n:]), crc32.ChecksumIEEE(data); got != want {
			t.Errorf("in two parts at %d: %08x, want %08x", n, got, want)
		}
	}
}

func TestServe(t *testing.T) {
	requests := "TAG Env:Prod\nVALUE Web Front\nMERGE a,c|b\nBLOCK 123456789\nBLOCK base64:MTIz\nTAG _\nNO\nSTATS\n"
	want := "OK env:prod\nOK web_front\nOK a,b,c\nOK cbf43926 cbf43926\nOK 884863d2 00dce2f4\n" +
		"ERR nothing is left of the tag\nERR unknown request\n" +
		"OK tags=1 values=1 merges=1 blocks=2 block_bytes=12 errors=2 crc=00dce2f4\n"
	var out strings.Builder
	if err := new(Service).Serve(strings.NewReader(requests), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func BenchmarkServe(b *testing.B) {
	traffic, err := os.ReadFile(".atoll/traffic/ingest.txt")
	if err != nil {
		b.Skip("no traffic was recorded: ", err)
	}
	b.SetBytes(int64(len(traffic)))
	for i := 0; i < b.N; i++ {
		var out strings.Builder
		if err := new(Service).Serve(strings.NewReader(string(traffic)), &out); err != nil {
			b.Fatal(err)
		}
	}
}
