package detect

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// hider returns what takes the secrets out of a text, as they are and in base64.
func hider(secrets []string) func(string) string {
	var pairs []string
	for _, secret := range secrets {
		if len(secret) < shortestToken {
			continue
		}
		pairs = append(pairs, secret, "***", base64.StdEncoding.EncodeToString([]byte(secret)), "***")
	}
	return strings.NewReplacer(pairs...).Replace
}

// hide takes the secrets out of everything that is told.
func (i *Inference) hide(secrets []string) {
	hidden := hider(secrets)
	for at := range i.Explanation {
		i.Explanation[at] = hidden(i.Explanation[at])
	}
	for at := range i.Differences {
		i.Differences[at] = hidden(i.Differences[at])
	}
	before := wire.FormatYAML(i.Format)
	i.Format = i.Format.Clone()
	hideFields(i.Format.Body, hidden)
	for at := range i.Format.Headers {
		i.Format.Headers[at].Value = hidden(i.Format.Headers[at].Value)
	}
	for at := range i.Format.Signatures {
		hideFields(i.Format.Signatures[at].Claims, hidden)
	}
	if !bytes.Equal(before, wire.FormatYAML(i.Format)) {
		i.IsExact = false
		i.Differences = append(i.Differences, "The request holds the secret where formats can't put it; there it is shown as ***.")
	}
}

func hideFields(fields []posthorn.BodyField, hidden func(string) string) {
	for i := range fields {
		fields[i].Template, fields[i].Constant = hidden(fields[i].Template), hidden(fields[i].Constant)
		hideFields(fields[i].Members, hidden)
		hideFields(fields[i].Items, hidden)
	}
}

// YAML writes the format as a document, with what was found as comments before
// it.
func (i *Inference) YAML() []byte {
	var text strings.Builder
	for _, line := range i.Explanation {
		fmt.Fprintf(&text, "# %s\n", strings.ReplaceAll(line, "\n", "\n# "))
	}
	for _, line := range i.Differences {
		fmt.Fprintf(&text, "# Differs: %s\n", strings.ReplaceAll(line, "\n", "\n# "))
	}
	return append([]byte(text.String()), wire.FormatYAML(i.Format)...)
}
