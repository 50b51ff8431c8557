package cli

import (
	"context"
	"iter"
	"strconv"
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
				{"signature", func(f client.Format) string { return f.Signature.Algorithm + " " + f.Signature.Encoding }},
				{"retries", func(f client.Format) string { return numberIf(f.Retries) }},
				{"description", func(f client.Format) string { return f.Description }},
			},
		}),
		getCommand(s, "FORMAT", "Show a format", "  posthorn format get standard\n  posthorn format get standard -o json", (*client.Client).GetFormat, formatFields))
}

// allFormats is the one page that the list of formats is.
func allFormats(c *client.Client, ctx context.Context, _ client.ListQuery) iter.Seq2[client.Format, error] { //nolint:revive // like the client's methods as functions: the receiver comes first
	return func(yield func(client.Format, error) bool) {
		page, err := c.ListFormats(ctx)
		if err != nil {
			yield(client.Format{}, err)
			return
		}
		for _, format := range page.Items {
			if !yield(format, nil) {
				return
			}
		}
	}
}

func formatFields(f client.Format) []field {
	tolerance := ""
	if f.ToleranceSeconds > 0 {
		tolerance = strconv.Itoa(f.ToleranceSeconds) + " s"
	}
	return []field{
		{"name", f.Name},
		{"description", f.Description},
		{"content type", f.ContentType},
		{"body", string(f.Body)},
		{"headers", string(f.Headers)},
		{"signature", strings.TrimSpace(f.Signature.Algorithm + " " + f.Signature.Encoding)},
		{"signed content", f.Signature.Content},
		{"key", f.Signature.Key},
		{"key prefix", f.Signature.KeyPrefix},
		{"success", string(f.Success)},
		{"retries", numberIf(f.Retries)},
		{"tolerance", tolerance},
	}
}
