package egress

import (
	"strconv"
	"strings"
)

// maxShownText is how much of a receiver's own words is shown.
const maxShownText = 160

// clip makes a receiver's words safe to show: short, on one line, printable
// ASCII only.
func clip(text string) string {
	if len(text) > maxShownText {
		text = text[:maxShownText] + "..."
	}
	quoted := strconv.QuoteToASCII(text)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(quoted[1 : len(quoted)-1])
}
