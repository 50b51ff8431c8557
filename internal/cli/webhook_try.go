package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) webhookTest() *cobra.Command {
	var eventType string
	command := &cobra.Command{
		Use: "test WEBHOOK_ID", Short: "Send a test event now and show what came back", Args: needs("WEBHOOK_ID"),
		Long: "Send a test event now, once, and show what came back. With --type it is an event of that type with the\n" +
			"catalogue's example. The exit code is 1 when the receiver didn't take it.",
		Example: "  posthorn webhook test whc_abc123\n  posthorn webhook test whc_abc123 --type user.created",
		RunE: s.does(func(ctx context.Context, args []string) error {
			c, err := s.connect()
			if err != nil {
				return err
			}
			result, err := c.TestWebhook(ctx, args[0], client.TestEvent{Type: eventType})
			if err != nil {
				return err
			}
			return s.showTest(args[0], result)
		}),
	}
	command.Flags().StringVar(&eventType, "type", "", "event type to send (default test)")
	return command
}

// showTest shows what came of a test, which fails when the receiver didn't take it.
func (s *session) showTest(webhook string, result client.TestResult) error {
	if err := showOne(s, result, testFields(result)); err != nil {
		return err
	}
	if !result.Delivered {
		return &failure{code: exitFailed, message: "not delivered: " + first(result.Detail, result.Reason), next: "webhook get " + webhook}
	}
	return nil
}

func testFields(result client.TestResult) []field {
	outcome := "delivered"
	if !result.Delivered {
		outcome = "not delivered"
	}
	status := ""
	if result.StatusCode != 0 {
		status = strconv.Itoa(result.StatusCode)
	}
	timings := result.Timings
	return []field{
		{"result", outcome},
		{"reason", result.Reason},
		{"detail", result.Detail},
		{"status code", status},
		{"duration", milliseconds(result.DurationMs)},
		{"timings", fmt.Sprintf("DNS %s, connect %s, TLS %s, first byte %s", partTime(timings.DNSMs), partTime(timings.ConnectMs), partTime(timings.TLSMs), partTime(timings.FirstByteMs))},
		{"event", result.EventID},
		{"url", result.Request.URL},
		{"sent", result.Request.Body},
		{"answer", result.ResponseBody},
	}
}
