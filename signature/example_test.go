package signature_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/posthorn/posthorn/signature"
)

// A receiver reads the body, verifies it, and only then looks into it.
func Example() {
	secret := "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6" // from its configuration

	receive := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		verified, err := signature.Verify("standard", []string{secret}, r.Header, body, time.Now())
		if err != nil {
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		fmt.Println("accepted", verified.ID)
		w.WriteHeader(http.StatusNoContent)
	})

	// Its test signs requests of its own.
	body := `{"type":"user.created","timestamp":"2026-05-04T12:00:00Z","data":{}}`
	scheme, _ := signature.Lookup("standard")
	headers, _ := scheme.Sign([]string{secret}, "evt_1", []byte(body), time.Now())
	for _, sent := range []string{body, body + " "} {
		request := httptest.NewRequest(http.MethodPost, "/webhooks", strings.NewReader(sent))
		for name, value := range headers {
			request.Header.Set(name, value)
		}
		answer := httptest.NewRecorder()
		receive.ServeHTTP(answer, request)
		fmt.Println(answer.Code)
	}
	// Output:
	// accepted evt_1
	// 204
	// 401
}

func ExampleVerify() {
	headers := map[string][]string{
		"Webhook-Id":        {"msg_p5jXN8AQM9LWM0D4loKWxJek"},
		"Webhook-Timestamp": {"1614265330"},
		"Webhook-Signature": {"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	}
	body := []byte(`{"test": 2432232314}`)
	secrets := []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}

	arrived := time.Unix(1614265333, 0)
	verified, err := signature.Verify("standard", secrets, headers, body, arrived)
	fmt.Println(verified.ID, err)

	_, err = signature.Verify("standard", secrets, headers, body, arrived.Add(time.Hour))
	fmt.Println(err)
	// Output:
	// msg_p5jXN8AQM9LWM0D4loKWxJek <nil>
	// signature: signed 1h0m3s ago, more than the 5m0s allowed
}

// While a secret is being rotated, a receiver accepts both.
func ExampleVerify_rotation() {
	sender, _ := signature.Lookup("signature")
	body := []byte(`{"id":"evt_1","type":"user.created","data":{}}`)
	sent, _ := sender.Sign([]string{"the old secret"}, "", body, time.Unix(1614265330, 0))

	headers := http.Header{}
	for name, value := range sent {
		headers.Set(name, value)
	}
	verified, err := signature.Verify("signature", []string{"the new secret", "the old secret"}, headers, body, time.Unix(1614265330, 0))
	fmt.Println(verified.Secret, err)
	// Output: 1 <nil>
}

// The Problem tells a receiver what to say in its log.
func ExampleError() {
	_, err := signature.Verify("signature", []string{"a secret"}, http.Header{}, []byte(`{}`), time.Now())

	var problem *signature.Error
	if errors.As(err, &problem) {
		fmt.Println(string(problem.Problem), problem.Header)
	}
	fmt.Println(errors.Is(err, signature.MissingHeader))
	// Output:
	// missing_header X-Signature
	// true
}

// A dialect that isn't built in is written down as data.
func ExampleScheme() {
	github := signature.Scheme{
		Algorithm: signature.HMACSHA256,
		Encoding:  signature.Hex,
		Key:       signature.Text,
		Content:   "{body}",
		Header:    "X-Hub-Signature-256",
		Prefix:    "sha256=",
	}
	headers := map[string][]string{
		"X-Hub-Signature-256": {"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
	}
	_, err := github.Verify([]string{"It's a Secret to Everybody"}, headers, []byte("Hello, World!"), time.Now())
	fmt.Println(err)
	// Output: <nil>
}
