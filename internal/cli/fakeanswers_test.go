package cli_test

import "net/http"

type fakeAnswer struct {
	status int
	body   string
}

// fakeAnswers are the routes whose answers never differ. Some hold what a hostile
// publisher or receiver may have sent.
func fakeAnswers() map[string]fakeAnswer {
	ok := func(data string) fakeAnswer { return fakeAnswer{http.StatusOK, `{"success":true,"data":` + data + `}`} }
	created := func(data string) fakeAnswer {
		return fakeAnswer{http.StatusCreated, `{"success":true,"data":` + data + `}`}
	}
	const (
		event    = `{"id":"evt_1","type":"user.created","timestamp":"2026-01-02T03:04:05.678Z","environmentId":"env_1","acceptedAt":"2026-01-02T03:04:05.678Z","deliveries":1`
		delivery = `{"id":"dlv_1","eventId":"evt_1","eventType":"user.created","webhookId":"whc_abc123","environmentId":"env_1","status":"pending","attempts":1,"dueAt":"2999-01-02T03:09:05.678Z","lastReason":"status_503","lastStatusCode":503`
		attempt  = `{"id":"att_1","number":1,"startedAt":"2026-01-02T03:04:05.678Z","url":"https://example.com","success":false,"reason":"status_503","detail":"The receiver said \u001b[31mno\u001b[0m.","statusCode":503,"responseBody":"line one\n\u001b]0;owned\u0007line \u202etwo","responseBodyTruncated":true,"timings":{"totalMs":12.345}}`
		hostile  = `{"name":"evil\u001b[2J","description":"first\nsecond\u009b31m","status":"GA","retries":5}`
	)
	return map[string]fakeAnswer{
		"POST /v1/events":                            {http.StatusAccepted, `{"success":true,"data":` + event + `}}`},
		"GET /v1/events/evt_1":                       ok(event + `,"data":{ "n": 1.0e400,"s":"\u0000" }}`),
		"GET /v1/events/evt_1/explain":               ok(`{"eventId":"evt_1","webhookId":"whc_abc123","because":"filter_false","detail":"The webhook's filter doesn't match this event.","deliveryId":null,"deliveryStatus":null,"filter":"event.data.n > 1","webhookChanged":true,"webhookDeleted":false}`),
		"GET /v1/events/evt_1/deliveries":            ok(`[` + delivery + `}]`),
		"GET /v1/deliveries":                         ok(`[` + delivery + `}]`),
		"GET /v1/deliveries/dlv_1":                   ok(delivery + `,"attemptList":[` + attempt + `]}`),
		"POST /v1/deliveries/dlv_1/retry":            {http.StatusConflict, `{"success":false,"status":409,"code":"conflict","detail":"The delivery is pending already.","hint":"Wait for it."}`},
		"POST /v1/deliveries/dlv_1/cancel":           ok(delivery + `}`),
		"GET /v1/webhooks/whc_abc123/replays":        ok(`[` + fakeReplay + `]`),
		"GET /v1/replays/rpl_1":                      ok(fakeReplay),
		"POST /v1/replays/rpl_1/cancel":              ok(fakeReplay),
		"GET /v1/event-types":                        ok(`[` + hostile + `]`),
		"POST /v1/event-types":                       created(`{"name":"order.paid","status":"GA"}`),
		"PATCH /v1/event-types/order.paid":           ok(`{"name":"order.paid","status":"Beta"}`),
		"POST /v1/event-types/import":                ok(`{"created":11,"skipped":1,"eventTypes":["user.created"],"items":[{"name":"user.created","action":"created"},{"name":"user.login","action":"refused","place":"/webhooks/x","reason":"No."}]}`),
		"GET /v1/event-types/order.paid/example":     ok(`{"data":{"amount":1,"items":[2]},"generated":true,"matches":true}`),
		"GET /v1/formats":                            ok(`[{"name":"standard","description":"Standard Webhooks","signature":{"algorithm":"hmac-sha256","encoding":"base64"}}]`),
		"GET /v1/formats/standard":                   ok(`{"name":"standard","body":[{"name":"type"}],"signature":{"algorithm":"hmac-sha256"},"success":["2xx"]}`),
		"PUT /v1/formats/risky":                      ok(`{"name":"risky","version":1,"body":[],"warnings":[{"pointer":"/signature/content","detail":"Nothing stands between.","hint":"Put."},{"pointer":"/verify/tolerance","detail":"Forever.","hint":"Add."}]}`),
		"POST /v1/formats/test":                      ok(`{"delivered":true,"eventId":"evt_1","statusCode":204,"reason":"","detail":"","request":{"method":"POST","url":"https://example.com/in","headers":[],"body":""}}`),
		"POST /v1/verify":                            ok(`{"valid":false,"format":"standard","signedAt":null,"eventId":null,"cause":"former_secret","detail":"Signed with the secret that was rotated out on 2026-01-02T03:04:05Z.","hint":"Give the receiver the current secret, or sign with the one that it has.","offset":null}`),
		"POST /v1/projects":                          {http.StatusConflict, `{"success":false,"status":409,"code":"conflict","detail":"There is one of that name."}`},
		"POST /v1/environments":                      {http.StatusRequestEntityTooLarge, `{"success":false,"status":413,"code":"too_large","detail":"The body is too long.","hint":"Send less."}`},
		"POST /v1/webhooks/whc_full/rotate-secret":   {http.StatusConflict, `{"success":false,"status":409,"code":"conflict","detail":"Three secrets are valid.","hint":"Rotate with \"overlapSeconds\": 0."}`},
		"POST /v1/workspaces":                        created(`{"id":"ws_1","name":"Acme","externalId":null,"project":{"id":"prj_1"},"environment":{"id":"env_1"}}`),
		"GET /v1/workspaces":                         ok(`[{"id":"ws_1","name":"Acme"}]`),
		"POST /v1/keys":                              created(`{"id":"key_1","kind":"workspace","name":"backend","start":"sk_abcd","key":"sk_abcdefgh"}`),
		"GET /v1/meta/egress":                        ok(`{"production":"public","development":"any","allow":["10.1.0.0/16"],"ports":[],"strict":true,"proxy":"http://proxy.example:3128","proxyFailingSince":"2026-01-02T03:04:05Z","networkFailingSince":"2026-01-02T03:04:06Z"}`),
		"GET /v1/limits":                             ok(`{"workspaceId":"ws_1","workspace":{"keys":100},"environment":{"webhooks":1000},"publishing":{"eventsPerSecond":1000,"left":4999,"bodyBytes":1048576},"webhook":{"retryDelaysSeconds":[5,300,7200],"maxRetryAfterSeconds":86400,"defaultTimeoutMs":10000,"maxTimeoutMs":60000}}`),
		"GET /v1/keys":                               ok(`[]`),
		"DELETE /v1/keys/key_1":                      ok(`{"id":"key_1","deleted":true}`),
		"GET /v1/environments":                       ok(`[{"id":"env_1","name":"Production","kind":"production"}]`),
		"GET /v1/projects":                           {http.StatusServiceUnavailable, `{"success":false,"status":503,"code":"unavailable","detail":"The server is stopping.","requestId":"req_1"}`},
		"POST /v1/webhooks/whc_abc123/pause":         ok(`{"id":"whc_abc123","status":"paused"}`),
		"GET /v1/webhooks/whc_abc123/secret":         ok(`{"secret":"s3cr3t-of-the-webhook","previous":[]}`),
		"POST /v1/webhooks/whc_abc123/rotate-secret": ok(`{"id":"whc_abc123","secret":"another","previousSecretExpiresAt":"2026-01-03T03:04:05.678Z"}`),
	}
}
