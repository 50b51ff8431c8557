package cli

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) formatCommand() *cobra.Command {
	return s.noun("format", "Dialects of requests: body, headers and signature",
		listCommand(s, lister[client.Format]{
			short: "List formats", example: "  posthorn format list", empty: "There are no formats.",
			items: allFormats,
			columns: []column[client.Format]{
				{"name", func(f client.Format) string { return f.Name }},
				{"signature", func(f client.Format) string { return algorithms(f) }},
				{"retries", func(f client.Format) string { return numberIf(f.Retries) }},
				{"description", func(f client.Format) string { return f.Description }},
			},
		}),
		getCommand(s, "FORMAT", "Show a format", "  posthorn format get standard\n  posthorn format get standard -o json", (*client.Client).GetFormat, formatFields))
}

// allFormats is the one page that the list of formats is.
func allFormats(c *client.Client, ctx context.Context, _ client.ListQuery) iter.Seq2[client.Format, error] { //nolint:revive // like the client's methods as functions: the receiver comes first
	return onlyPage(func() (client.Page[client.Format], error) { return c.ListFormats(ctx) })
}

func formatFields(f client.Format) []field {
	contents, keys, prefixes := make([]string, 0, 1), make([]string, 0, 1), make([]string, 0, 1)
	for _, scheme := range schemes(f) {
		contents, keys, prefixes = append(contents, scheme.Content), append(keys, scheme.Key), append(prefixes, scheme.KeyPrefix)
	}
	return []field{
		{"name", f.Name},
		{"description", f.Description},
		{"content type", f.ContentType},
		{"body", string(f.Body)},
		{"headers", string(f.Headers)},
		{"signature", algorithms(f)},
		{"signed content", joinSet(contents)},
		{"key", joinSet(keys)},
		{"key prefix", joinSet(prefixes)},
		{"success", string(f.Success)},
		{"retries", numberIf(f.Retries)},
		{"tolerance", f.Verify.Tolerance},
	}
}

// schemes are the ways in which a format signs.
func schemes(f client.Format) []client.FormatSignature {
	if len(f.Signatures) > 0 {
		return f.Signatures
	}
	return []client.FormatSignature{f.Signature}
}

func algorithms(f client.Format) string {
	var all []string
	for _, scheme := range schemes(f) {
		all = append(all, strings.TrimSpace(scheme.Algorithm+" "+scheme.Encoding))
	}
	return strings.Join(all, ", ")
}

// joinSet joins the texts that aren't empty.
func joinSet(texts []string) string {
	isEmpty := func(text string) bool { return text == "" }
	return strings.Join(slices.DeleteFunc(texts, isEmpty), ", ")
}
