package filter_test

import (
	"testing"

	"github.com/posthorn/posthorn/internal/eventdata"
	"github.com/posthorn/posthorn/internal/filter"
)

// BenchmarkMatch matches an event of 500 bytes against ten webhooks: without
// filters, and with one of their own for each.
func BenchmarkMatch(b *testing.B) {
	const data = `{"id":"inv_20260211","amount":15000,"currency":"EUR","customer":{"id":"cus_1","email":"ada@example.com","plan":"pro"},
		"items":[{"sku":"a-1","price":5000,"quantity":2,"tags":["x","y"]},{"sku":"b-2","price":5000,"quantity":1,"tags":[]}],
		"address":{"street":"Main Street 1","city":"Springfield","zip":"12345","country":"US"},"note":"Thank you for your order, it will be sent soon.",
		"createdAt":"2026-01-02T03:04:05Z","metadata":{"source":"web","campaign":"winter","session":"0123456789abcdef0123456789abcdef"}}`
	for name, text := range map[string]string{
		"no filter":  "",
		"type":       `event.type == "invoice.paid"`,
		"comparison": `event.data.amount > 100 && event.data.currency == "EUR"`,
		"list":       `event.data.items.exists(i, i.tags.exists(t, t == "y"))`,
		"pattern":    `event.data.customer.email.matches("@example[.]com$")`,
	} {
		b.Run(name, func(b *testing.B) {
			index := filter.NewIndex(webhooksWith(repeated(text, 10)...), filter.NewPrograms())
			event := eventOf(data)
			b.ReportAllocs()
			for b.Loop() {
				if matches := index.Match(event, eventdata.Of(event.Data)); len(matches.Webhooks) != 10 {
					b.Fatal(matches)
				}
			}
		})
	}
}

// BenchmarkCompile compiles a filter, as happens when it is saved and when an
// environment is read.
func BenchmarkCompile(b *testing.B) {
	compiler := filter.NewCompiler()
	for b.Loop() {
		if _, err := compiler.Compile(`event.data.amount > 100 && event.data.currency == "EUR"`); err != nil {
			b.Fatal(err)
		}
	}
}
