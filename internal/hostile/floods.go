package hostile

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// chunk is what floods send at a time.
const chunk = 64 << 10

// floods are the behaviours that send more than anybody wants.
func floods() []Behaviour {
	return []Behaviour{
		{Name: "endless-body", Summary: "answers 200 and a body without an end, as fast as it can", act: flood("HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("x", chunk))},
		{Name: "endless-headers", Summary: "sends headers without an end, as fast as it can", act: flood("HTTP/1.1 200 OK\r\n", strings.Repeat("X-Flood: yes\r\n", chunk/14))},
		{Name: "long-header", Argument: "100000000", Summary: "answers 200 with a header of that many bytes", act: longHeader, check: checkCount},
		{Name: "many-headers", Argument: "100000", Summary: "answers 200 with that many headers", act: manyHeaders, check: checkCount},
		{Name: "endless-informational", Argument: "103", Summary: "sends answers of that status (100 to 103) without an end", act: informational, check: checkInformational},
		{
			Name: "endless-trailers", Summary: "answers 200, and ends its body with trailers that never end",
			act: flood("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n", strings.Repeat("X-Flood: yes\r\n", chunk/14)),
		},
		{Name: "endless-chunk-extension", Summary: "answers 200 with a chunk whose size line never ends", act: flood("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;", strings.Repeat("x", chunk))},
		{Name: "compressed-bomb", Summary: "answers 200 with 1 MiB of gzip that unpacks to 1 GiB", act: bomb},
	}
}

func flood(before, again string) func(context.Context, *conversation) bool {
	return func(ctx context.Context, c *conversation) bool {
		if c.write(before) {
			c.writeForEver(ctx, again)
		}
		return false
	}
}

func checkCount(argument string) error {
	if count, err := strconv.Atoi(argument); err != nil || count < 1 {
		return fmt.Errorf("%q is not a number above 0", argument)
	}
	return nil
}

func checkInformational(argument string) error {
	switch argument {
	case "100", "102", "103":
		return nil
	default:
		return fmt.Errorf("%q is not 100, 102 or 103", argument)
	}
}

func longHeader(ctx context.Context, c *conversation) bool {
	if !c.write("HTTP/1.1 200 OK\r\nX-Long: ") {
		return false
	}
	piece := strings.Repeat("x", chunk)
	for left := numberOf(c.choice.Argument); left > 0 && ctx.Err() == nil; left -= chunk {
		if !c.write(piece[:min(left, chunk)]) {
			return false
		}
	}
	return c.write("\r\nContent-Length: 0\r\n\r\n")
}

func manyHeaders(ctx context.Context, c *conversation) bool {
	if !c.write("HTTP/1.1 200 OK\r\n") {
		return false
	}
	for i := range numberOf(c.choice.Argument) {
		if ctx.Err() != nil || !c.write("X-Header-"+strconv.Itoa(i)+": "+strconv.Itoa(i)+"\r\n") {
			return false
		}
	}
	return c.write("Content-Length: 0\r\n\r\n")
}

func informational(ctx context.Context, c *conversation) bool {
	c.writeForEver(ctx, strings.Repeat("HTTP/1.1 "+c.choice.Argument+" Soon\r\nLink: </x>\r\n\r\n", 100))
	return false
}

// bomb relies on gzip members one after another unpacking to one text.
func bomb(ctx context.Context, c *conversation) bool {
	var member bytes.Buffer
	packer := gzip.NewWriter(&member)
	if _, err := packer.Write(make([]byte, 1<<20)); err != nil {
		return false
	}
	if err := packer.Close(); err != nil {
		return false
	}
	const members = 1024
	if !c.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + strconv.Itoa(members*member.Len()) + "\r\n\r\n") {
		return false
	}
	for range members {
		if ctx.Err() != nil || !c.write(member.String()) {
			return false
		}
	}
	return true
}
