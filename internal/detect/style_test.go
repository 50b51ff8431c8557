package detect

import (
	"strings"
	"testing"
)

// Guards that writing ends where no request could be that long, so that it can't
// fill the memory: 16,000 numbers, deep inside and indented, are 6 MB.
func TestWritingEnds(t *testing.T) {
	t.Parallel()
	const depth = 98
	read, isJSON := parseJSON([]byte(strings.Repeat("[", depth) + strings.Repeat("1,", 16_000) + "1" + strings.Repeat("]", depth)))
	if !isJSON {
		t.Fatal("it is not read")
	}
	if written := read.write(style{indent: "    "}); len(written) < maxWritten || len(written) > maxWritten+64<<10 {
		t.Errorf("%d bytes were written", len(written))
	}
}
