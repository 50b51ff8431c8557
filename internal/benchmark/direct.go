package benchmark

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// direct signs and posts with a net/http client that is tuned for one busy
// receiver: what one would write with the standard library alone.
type direct struct {
	client *http.Client
	urls   []string
	macs   sync.Pool
	ids    atomic.Int64
}

// destination is where deliveries go.
type destination struct {
	// URLs are the webhooks'.
	URLs []string `json:"urls"`
	// Authority is the certificate, in PEM, that receivers are checked against.
	Authority string `json:"authority"`
	HTTP2     bool   `json:"http2"`
	// Connections is how many are kept.
	Connections int `json:"connections"`
}

func newDirect(d destination) (*direct, error) {
	transport := &http.Transport{
		MaxIdleConns: d.Connections, MaxIdleConnsPerHost: d.Connections, MaxConnsPerHost: d.Connections,
		DisableCompression: true, ForceAttemptHTTP2: d.HTTP2,
	}
	if d.Authority != "" {
		pool, err := authorities(d.Authority)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	key := []byte("a secret of thirty-two bytes, no")
	made := &direct{client: &http.Client{Transport: transport, Timeout: time.Minute}, urls: d.URLs}
	made.macs.New = func() any { return hmac.New(sha256.New, key) }
	return made, nil
}

func authorities(text string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(text)) {
		return nil, errors.New("the authority's certificate can't be read")
	}
	return pool, nil
}

// deliver posts a body to one of the webhooks, signed as Standard Webhooks 1.0 wants
// it.
func (d *direct) deliver(ctx context.Context, webhook int, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.urls[webhook%len(d.urls)], bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("making a request: %w", err)
	}
	id := "evt_" + strconv.FormatInt(1e15+d.ids.Add(1), 36)
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	request.Header["Content-Type"] = []string{"application/json"}
	request.Header["Webhook-Id"] = []string{id}
	request.Header["Webhook-Timestamp"] = []string{timestamp}
	request.Header["Webhook-Signature"] = []string{d.sign(id, timestamp, body)}
	response, err := d.client.Do(request)
	if err != nil {
		return fmt.Errorf("posting: %w", err)
	}
	_, _ = io.Copy(io.Discard, response.Body) // only to use the connection again
	_ = response.Body.Close()                 // it was read
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("the receiver answered %s", response.Status)
	}
	return nil
}

func (d *direct) sign(id, timestamp string, body []byte) string {
	mac := d.macs.Get().(interface { //nolint:forcetypeassert // the pool has nothing else
		io.Writer
		Sum(b []byte) []byte
		Reset()
	})
	defer d.macs.Put(mac)
	mac.Reset()
	_, _ = io.WriteString(mac, id+"."+timestamp+".") // a hash takes everything
	_, _ = mac.Write(body)
	var sum [sha256.Size]byte
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(sum[:0]))
}
