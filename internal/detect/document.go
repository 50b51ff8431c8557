package detect

import (
	"strconv"
	"strings"

	"github.com/posthorn/posthorn/internal/wire"
)

// YAML writes the format as a document, with what was found as comments before
// it. It has no characters that a screen wouldn't print.
func (i *Inference) YAML() []byte {
	var text strings.Builder
	for _, line := range i.Explanation {
		writeComment(&text, line)
	}
	for _, line := range i.Differences {
		writeComment(&text, "Differs: "+line)
	}
	return append([]byte(text.String()), wire.FormatYAML(i.Format)...)
}

// writeComment writes a comment that nothing in the text can end: YAML knows more line ends
// than one, and the text may hold what a stranger's request says.
func writeComment(to *strings.Builder, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		to.WriteString("# ")
		for _, r := range line {
			if strconv.IsPrint(r) {
				to.WriteRune(r)
				continue
			}
			code := strconv.QuoteRune(r)
			to.WriteString(code[1 : len(code)-1])
		}
		to.WriteByte('\n')
	}
}
