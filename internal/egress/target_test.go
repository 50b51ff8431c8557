package egress

import (
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Invariant: each URL leads where it says, however many others were read before; what
// is remembered of them is bounded, and what can't be sent to stays so.
func TestTargetsAreRemembered(t *testing.T) {
	t.Parallel()
	known := &targets{known: map[string]*target{}}
	for n := range 2*maxTargets + 1 {
		text := "http://hooks.test:" + strconv.Itoa(n) + "/a%2Fb?c#d"
		for range 2 {
			read, err := known.of(text)
			if err != nil {
				t.Fatal(err)
			}
			address := "hooks.test:" + strconv.Itoa(n)
			want := target{url: read.url, address: address, key: "http://" + address, head: "POST /a%2Fb?c HTTP/1.1\r\nHost: " + address + "\r\nContent-Length: "}
			if *read != want || read.url.Host != address {
				t.Fatalf("%s leads to %+v", text, *read)
			}
		}
		if want := min(n+1, maxTargets); len(known.known) != want {
			t.Fatalf("%d are remembered, want %d: one gives way to one", len(known.known), want)
		}
	}
	for text, read := range maps.Clone(known.known) {
		known.remember(text, read) // as when two senders have read it at once
	}
	if len(known.known) != maxTargets {
		t.Errorf("%d are left after what was known has come again", len(known.known))
	}
	first, _ := known.of("https://hooks.test")
	if again, _ := known.of("https://hooks.test"); again != first || first.address != "hooks.test:443" {
		t.Errorf("read again: %+v", again)
	}
	for range 2 {
		if read, err := known.of("ftp://hooks.test/"); err == nil {
			t.Errorf("got %+v", read)
		}
	}
}

// Invariant: a URL that no webhook could have is sent to, and takes no memory.
func TestLongTargetsAreNotRemembered(t *testing.T) {
	t.Parallel()
	known := &targets{known: map[string]*target{}}
	for length, want := range map[int]int{maxTargetURL: 1, maxTargetURL + 1: 0} {
		text := "http://hooks.test/"
		text += strings.Repeat("a", length-len(text))
		clear(known.known)
		if read, err := known.of(text); err != nil || read.url.String() != text || len(known.known) != want {
			t.Errorf("%d bytes: %d are remembered, %v", length, len(known.known), err)
		}
	}
}

// Invariant: senders that meet the same new URLs at once are all led right, and what is
// remembered stays bounded.
func TestTargetsAreSharedBySenders(t *testing.T) {
	t.Parallel()
	known := &targets{known: map[string]*target{}}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for n := range maxTargets + 100 {
				address := "hooks.test:" + strconv.Itoa(n)
				if read, err := known.of("http://" + address); err != nil || read.address != address {
					t.Errorf("%s: %v, %v", address, read, err)
				}
			}
		})
	}
	all.Wait()
	if len(known.known) != maxTargets {
		t.Errorf("%d are remembered", len(known.known))
	}
}
