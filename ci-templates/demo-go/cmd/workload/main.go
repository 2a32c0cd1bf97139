// SPDX-License-Identifier: Apache-2.0

// Command workload writes requests for tagd, the same for the same seed.
package main

import (
	"bufio"
	"encoding/base64"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strings"
)

var (
	keys = []string{"env", "service", "version", "region", "host", "team", "kube_pod", "kube_namespace",
		"availability-zone", "container_id", "cloud.zone", "User-Agent"}
	values = []string{"prod", "Staging", "checkout", "payments", "web-frontend", "us-east-1a", "eu_west", "4.18",
		"kafka-consumer", "ingester", "postgres", "Default", "GET", "search"}
	words = []string{"request", "refused", "retrying", "to", "from", "after", "connection", "[warn]", "100%", "café",
		"München", "key=value;", "naïve", "#7", "10.0.3.7", "\"index\"", "МОСКВА"}
)

func pick(r *rand.Rand, list []string) string {
	return list[r.Intn(len(list))]
}

// rough is text as people and programs type it, now and then cut in the middle of a character.
func rough(r *rand.Rand) string {
	parts := make([]string, 1+r.Intn(8))
	for i := range parts {
		parts[i] = pick(r, words)
	}
	text := strings.Join(parts, pick(r, []string{" ", " ", "  ", "_", ": "}))
	if r.Intn(20) == 0 {
		text = text[:r.Intn(len(text)+1)]
	}
	return text
}

func tag(r *rand.Rand) string {
	switch r.Intn(10) {
	case 0:
		return fmt.Sprintf("%d_%s:%s", r.Intn(100), pick(r, keys), rough(r))
	case 1:
		return "  " + pick(r, keys) + ":" + rough(r)
	case 2, 3:
		return fmt.Sprintf("%s:%s-%x", pick(r, keys), pick(r, values), r.Uint32())
	}
	return fmt.Sprintf("%s:%s-%d", pick(r, keys), pick(r, values), r.Intn(1000))
}

func value(r *rand.Rand) string {
	if r.Intn(3) == 0 {
		return rough(r)
	}
	return fmt.Sprintf("%s-%d", pick(r, values), r.Intn(100))
}

func sorted(r *rand.Rand) string {
	tags := make([]string, r.Intn(20))
	for i := range tags {
		tags[i] = fmt.Sprintf("%s:%s-%d", pick(r, keys), pick(r, values), r.Intn(40))
	}
	sort.Strings(tags)
	return strings.Join(tags, ",")
}

func block(r *rand.Rand) string {
	if r.Intn(4) == 0 {
		data := make([]byte, r.Intn(900))
		r.Read(data)
		return "base64:" + base64.StdEncoding.EncodeToString(data)
	}
	parts := make([]string, 1+r.Intn(40))
	for i := range parts {
		parts[i] = fmt.Sprintf("%s %x", pick(r, words), r.Intn(1<<16))
	}
	return strings.Join(parts, " ")
}

func main() {
	seed := flag.Int64("seed", 1, "")
	records := flag.Int("records", 10000, "how many requests")
	flag.Parse()
	r := rand.New(rand.NewSource(*seed))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for i := 0; i < *records; i++ {
		switch n := r.Intn(100); {
		case n < 46:
			fmt.Fprintln(out, "TAG", tag(r))
		case n < 72:
			fmt.Fprintln(out, "VALUE", value(r))
		case n < 97:
			fmt.Fprintf(out, "MERGE %s|%s\n", sorted(r), sorted(r))
		default:
			fmt.Fprintln(out, "BLOCK", block(r))
		}
	}
}
