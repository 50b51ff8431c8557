package egress

import (
	"strconv"
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
		if len(known.known) > maxTargets {
			t.Fatalf("%d are remembered", len(known.known))
		}
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
