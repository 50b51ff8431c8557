package detect_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/detect"
)

// Guards that a request is read the same from every form that people capture it
// in.
func TestReadRequest(t *testing.T) {
	t.Parallel()
	want := detect.Request{
		Method: "POST", URL: "https://example.com/in?a=b", IsSchemeGuessed: true,
		Headers: []posthorn.Header{{Name: "Host", Value: "example.com"}, {Name: "X-Sig", Value: "a:b"}},
		Body:    []byte("{\"a\":\n1}"),
	}
	forms := map[string]string{
		"CRLF":     "POST /in?a=b HTTP/1.1\r\nHost: example.com\r\nX-Sig: a:b\r\n\r\n{\"a\":\n1}",
		"LF":       "\nPOST /in?a=b HTTP/1.1\nHost: example.com\nX-Sig:a:b \n\n{\"a\":\n1}",
		"curl -v":  "* Connected to example.com\n> POST /in?a=b HTTP/2\n> Host: example.com\n> X-Sig: a:b\n>\n* upload completely sent off\n{\"a\":\n1}\n< HTTP/2 200\n< date: x\n",
		"object":   `{"url":"/in?a=b","headers":{"Host":"example.com","X-Sig":["a:b"]},"body":"{\"a\":\n1}"}`,
		"list":     `{"method":"post","url":"/in?a=b","headers":[{"name":"Host","value":"example.com"},["X-Sig","a:b"]],"body":"{\"a\":\n1}"}`,
		"base64":   `{"url":"/in?a=b","headers":{"Host":"example.com","X-Sig":"a:b"},"bodyBase64":"` + base64.StdEncoding.EncodeToString([]byte("{\"a\":\n1}")) + `"}`,
		"raw JSON": "{\"url\":\"/in?a=b\",\"headers\":{\"Host\":\"example.com\",\"X-Sig\":\"a:b\"},\"body\":{\"a\":\n1}}",
	}
	for name, text := range forms {
		got, err := detect.ReadRequest([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if difference := cmp.Diff(want, got, cmpopts.IgnoreUnexported(detect.Request{})); difference != "" {
			t.Errorf("%s (-want +got):\n%s", name, difference)
		}
	}
}

// Guards that the body is what Content-Length and the chunks say, and that a
// missing request line is no hindrance.
func TestReadRequestBody(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"X: a\nContent-Length: 2\n\n{}\n":                                           "{}",
		"X: a\nContent-Length: 3\n\n{}\n":                                           "{}\n",
		"X: a\nContent-Length: 2\n\n{}x":                                            "{}x",
		"X: a\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\n{\r\n1\r\n}\r\n0\r\n\r\n": "{}",
		"X: a\nTransfer-Encoding: chunked\n\n{}":                                    "{}",
		"X: a\n\n":                                                                  "",
		"X: a":                                                                      "",
	} {
		got, err := detect.ReadRequest([]byte(text))
		if err != nil || string(got.Body) != want {
			t.Errorf("%q: %q, %v", text, got.Body, err)
		}
	}
}

// Guards that what is no request is refused.
func TestReadRequestRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "\n", "POST / HTTP/1.1\n\n{}", "hello", "POST / HTTP/1.1\nno header\n\n", `{"headers":{"a":1}}`, `{"headers":{}}`,
		`{"headers":{"a":"b"},"bodyBase64":"!"}`, `{"headers":{"a":"b"},"boddy":""}`, `{"headers":{"a":"b"}} x`, strings.Repeat("a", detect.MaxRequest+1),
	} {
		if got, err := detect.ReadRequest([]byte(text)); err == nil {
			t.Errorf("%.50q was read as %v", text, got)
		}
	}
}
