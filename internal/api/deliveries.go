package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// DeliveryBody is a delivery as it is shown.
type DeliveryBody struct {
	ID             string  `json:"id"`
	EventID        string  `json:"eventId"`
	EventType      string  `json:"eventType"`
	WebhookID      string  `json:"webhookId"`
	EnvironmentID  string  `json:"environmentId"`
	Status         string  `json:"status" enum:"pending,leased,succeeded,exhausted,cancelled,expired,quarantined"`
	StatusReason   string  `json:"statusReason,omitempty" doc:"Why a quarantined delivery is not tried any more, and what to do."`
	Attempts       int     `json:"attempts"`
	DueAt          *string `json:"dueAt" format:"date-time" doc:"When a pending delivery may be sent."`
	NextAttemptAt  *string `json:"nextAttemptAt" format:"date-time" doc:"The same."`
	WaitingFor     string  `json:"waitingFor,omitempty" doc:"What a pending delivery waits for besides its due time: its webhook is paused, disabled or failing, or the receiver asked to wait."`
	LastReason     *string `json:"lastReason"`
	LastStatusCode *int    `json:"lastStatusCode"`
	Crashes        int     `json:"crashes" doc:"How many times in a row the server died while it had the delivery under way. From three on it is tried apart from the others."`
	FormatVersion  *int    `json:"formatVersion" doc:"The version of the webhook's declared format that retries are made of; null before the first attempt, and for built-in formats."`
	CreatedAt      string  `json:"createdAt" format:"date-time"`
	UpdatedAt      string  `json:"updatedAt" format:"date-time"`
}

// deliveryDetail is a delivery with its attempts.
type deliveryDetail struct {
	DeliveryBody
	AttemptList []attemptBody `json:"attemptList" doc:"The newest 100 attempts, oldest first."`
}

// attemptBody is an attempt as it is shown.
type attemptBody struct {
	ID               string      `json:"id"`
	Number           int         `json:"number"`
	StartedAt        string      `json:"startedAt" format:"date-time"`
	URL              string      `json:"url"`
	Success          bool        `json:"success"`
	Reason           string      `json:"reason"`
	Detail           string      `json:"detail"`
	StatusCode       *int        `json:"statusCode"`
	RetryAfterMs     *int64      `json:"retryAfterMs"`
	ResponseBody     string      `json:"responseBody"`
	Encoding         string      `json:"responseBodyEncoding,omitempty" doc:"base64 when the response is not UTF-8."`
	BodyTruncated    bool        `json:"responseBodyTruncated"`
	ConnectionReused bool        `json:"connectionReused"`
	Timings          timingsBody `json:"timings"`
}

// timingsBody is how long the parts of an attempt took, in milliseconds.
type timingsBody struct {
	DNS       float64 `json:"dnsMs"`
	Connect   float64 `json:"connectMs"`
	TLS       float64 `json:"tlsMs"`
	FirstByte float64 `json:"firstByteMs"`
	Total     float64 `json:"totalMs"`
}

// deliveryFilters are the parameters of a list of deliveries.
func deliveryFilters() []parameter {
	statuses := make([]string, 0, len(posthorn.DeliveryStatuses()))
	for _, status := range posthorn.DeliveryStatuses() {
		statuses = append(statuses, string(status))
	}
	return []parameter{{name: "status", summary: "Only deliveries of this status.", choices: statuses}}
}

func (s *Server) deliveryRoutes() []route {
	return []route{
		listing("/v1/deliveries", "List deliveries", listDeliveries).in("Deliveries").asks(deliveryFilters()...).asks(spanParameters()...).asks(
			parameter{name: "webhookId", summary: "Only deliveries to this webhook."},
			parameter{name: "eventId", summary: "Only deliveries of this event."},
			environmentParameter()),
		reading("/v1/deliveries/{deliveryId}", "Get a delivery with its attempts", getDelivery).in("Deliveries"),
		writing(http.MethodPost, "/v1/deliveries/{deliveryId}/retry", http.StatusOK, "Send a delivery again, now", retryDelivery).in("Deliveries").mayBeEmpty(),
		writing(http.MethodPost, "/v1/deliveries/{deliveryId}/cancel", http.StatusOK, "Stop a delivery", cancelDelivery).in("Deliveries").mayBeEmpty(),
	}
}

func listDeliveries(ctx context.Context, c *call) (page[DeliveryBody], error) {
	filter, err := c.deliveryFilter()
	if err != nil {
		return page[DeliveryBody]{}, err
	}
	return c.pageOfDeliveries(ctx, filter)
}

func (c *call) pageOfDeliveries(ctx context.Context, filter manage.DeliveryFilter) (page[DeliveryBody], error) {
	asked, err := c.paging()
	if err != nil {
		return page[DeliveryBody]{}, err
	}
	deliveries, err := c.Manager.Deliveries(ctx, c.principal, filter, asked)
	if err != nil {
		return page[DeliveryBody]{}, err
	}
	waiting, err := c.Manager.Waiting(ctx, deliveries...)
	if err != nil {
		return page[DeliveryBody]{}, err
	}
	show := func(d posthorn.Delivery) DeliveryBody { return showDelivery(d, waiting) }
	return pageOf(c, asked, deliveries, func(d posthorn.Delivery) [16]byte { return d.ID }, show), nil
}

func (c *call) deliveryFilter() (manage.DeliveryFilter, error) {
	var filter manage.DeliveryFilter
	var err error
	if filter.EnvironmentID, err = c.environmentID(); err != nil {
		return filter, err
	}
	if filter.WebhookID, err = queryID[posthorn.WebhookID](c, "webhookId"); err != nil {
		return filter, err
	}
	if filter.Created, err = c.querySpan(); err != nil {
		return filter, err
	}
	eventID, given := c.query["eventId"]
	if given && !isEventID(eventID) {
		return filter, absentID[posthorn.EventID](eventID)
	}
	filter.EventID = eventID
	status, given := c.query["status"]
	filter.Status = posthorn.DeliveryStatus(status)
	if given && !slices.Contains(posthorn.DeliveryStatuses(), filter.Status) {
		return filter, malformed("", "The parameter status is not a status of a delivery: "+clip(status)+".", "Use pending, leased, succeeded, exhausted, cancelled, expired or quarantined.")
	}
	return filter, nil
}

// isEventID reports whether a text may be an event's public id.
func isEventID(text string) bool {
	_, err := posthorn.ParseID[posthorn.EventID](text)
	return err == nil || posthorn.ValidateGivenID(text) == nil
}

// maxAttemptsShown bounds the attempts shown with a delivery.
const maxAttemptsShown = 100

func getDelivery(ctx context.Context, c *call) (deliveryDetail, error) {
	id, err := pathID[posthorn.DeliveryID](c, "deliveryId")
	if err != nil {
		return deliveryDetail{}, err
	}
	delivery, err := c.Manager.Delivery(ctx, c.principal, id)
	if err != nil {
		return deliveryDetail{}, err
	}
	attempts, err := c.Manager.Attempts(ctx, delivery, max(0, delivery.Attempts-maxAttemptsShown), maxAttemptsShown)
	if err != nil {
		return deliveryDetail{}, err
	}
	waiting, err := c.Manager.Waiting(ctx, delivery)
	if err != nil {
		return deliveryDetail{}, err
	}
	detail := deliveryDetail{DeliveryBody: showDelivery(delivery, waiting), AttemptList: make([]attemptBody, len(attempts))}
	for i, a := range attempts {
		detail.AttemptList[i] = showAttempt(a)
	}
	return detail, nil
}

func retryDelivery(ctx context.Context, c *call, _ *nothing) (DeliveryBody, error) {
	return withDelivery(ctx, c, c.Manager.RetryDelivery)
}

func cancelDelivery(ctx context.Context, c *call, _ *nothing) (DeliveryBody, error) {
	return withDelivery(ctx, c, c.Manager.CancelDelivery)
}

func withDelivery(ctx context.Context, c *call, do func(context.Context, manage.Principal, posthorn.DeliveryID) (posthorn.Delivery, error)) (DeliveryBody, error) {
	id, err := pathID[posthorn.DeliveryID](c, "deliveryId")
	if err != nil {
		return DeliveryBody{}, err
	}
	delivery, err := do(ctx, c.principal, id)
	if err != nil {
		return DeliveryBody{}, err
	}
	waiting, err := c.Manager.Waiting(ctx, delivery)
	if err != nil {
		return DeliveryBody{}, err
	}
	return showDelivery(delivery, waiting), nil
}

func showDelivery(d posthorn.Delivery, waiting manage.Waiting) DeliveryBody {
	body := DeliveryBody{
		ID: d.ID.String(), EventID: d.EventPublicID, EventType: d.EventType, WebhookID: d.WebhookID.String(),
		EnvironmentID: d.EnvironmentID.String(), Status: string(d.Status), Attempts: d.Attempts,
		StatusReason: manage.StatusReason(d), Crashes: d.Crashes,
		CreatedAt: showTime(d.CreatedAt), UpdatedAt: showTime(d.UpdatedAt), WaitingFor: waiting.For(d),
	}
	if d.Status == posthorn.DeliveryPending {
		body.DueAt = showTimeOrNull(d.DueAt)
		body.NextAttemptAt = body.DueAt
	}
	if !d.Format.IsZero() {
		body.FormatVersion = &d.Format.Version
	}
	if d.LastReason != "" {
		reason := string(d.LastReason)
		body.LastReason = &reason
	}
	if d.LastStatusCode != 0 {
		body.LastStatusCode = &d.LastStatusCode
	}
	return body
}

func showAttempt(a posthorn.Attempt) attemptBody {
	text, encoding := showResponse(&a.Outcome)
	body := attemptBody{
		ID: a.ID.String(), Number: a.Number, StartedAt: showTime(a.StartedAt), URL: a.URL, Success: a.Outcome.Succeeded(),
		Reason: string(a.Outcome.Reason), Detail: a.Outcome.Detail, ResponseBody: text, Encoding: encoding,
		BodyTruncated: a.Outcome.BodyTruncated, ConnectionReused: a.Outcome.ConnectionReused, Timings: showTimings(a.Outcome.Timings),
	}
	if a.Outcome.StatusCode != 0 {
		body.StatusCode = &a.Outcome.StatusCode
	}
	if a.Outcome.RetryAfter > 0 {
		ms := a.Outcome.RetryAfter.Milliseconds()
		body.RetryAfterMs = &ms
	}
	return body
}

func showTimings(t posthorn.Timings) timingsBody {
	return timingsBody{
		DNS: milliseconds(t.DNS), Connect: milliseconds(t.Connect), TLS: milliseconds(t.TLS),
		FirstByte: milliseconds(t.FirstByte), Total: milliseconds(t.Total),
	}
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}

// showResponse shows a response's body. One that was cut within a character is shown up to it.
func showResponse(o *posthorn.Outcome) (string, string) {
	body := o.ResponseBody
	for cut := 1; o.BodyTruncated && cut < utf8.UTFMax && cut < len(body); cut++ {
		if whole := body[:len(body)-cut]; !utf8.Valid(body) && utf8.Valid(whole) {
			return string(whole), ""
		}
	}
	return showBytes(body)
}

// showBytes shows a response as text where it is text, else in base64, and names
// the encoding if there is one.
func showBytes(b []byte) (string, string) {
	if utf8.Valid(b) {
		return string(b), ""
	}
	return base64.StdEncoding.EncodeToString(b), "base64"
}
