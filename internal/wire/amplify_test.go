package wire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// amplifying is a format whose fields repeat what the webhook says as often as a
// template may.
func amplifying(fields int) posthorn.Format {
	format := posthorn.Format{Name: "amplifying", Signatures: []posthorn.SignatureScheme{{Algorithm: posthorn.NotSigned}}}
	for i := range fields {
		format.Body = append(format.Body, posthorn.BodyField{Name: fmt.Sprint(i), Template: strings.Repeat("{metadata.m|hex|hex|hex}", 42)})
	}
	return format
}

// Guards that no format makes megabytes of a small event: the text is given up at
// its limit.
func TestRenderingIsBounded(t *testing.T) {
	t.Parallel()
	in := input()
	in.Webhook.Metadata = map[string]string{"m": strings.Repeat("m", posthorn.MaxMetadataValue)}
	_, err := compile(t, amplifying(64)).Render(in)
	if !errors.Is(err, &posthorn.Error{Code: posthorn.CodeInvalid}) || !strings.Contains(err.Error(), "makes more than") {
		t.Errorf("rendering gave %v", err)
	}
	small := compile(t, amplifying(1))
	in.Webhook.Metadata["m"] = "m"
	if request := render(t, small, in); len(request.Body) > 1000 {
		t.Errorf("the body is %d bytes", len(request.Body))
	}
	headers := amplifying(1)
	headers.Headers = []posthorn.Header{{Name: "X-Long", Value: strings.Repeat("{webhook.url|hex|hex|hex}", 40)}}
	in.Webhook.URL = "https://example.com/" + strings.Repeat("u", 2000)
	if _, err := compile(t, headers).Render(in); err == nil {
		t.Error("a header of a megabyte was made")
	}
}

// Guards that the data stands in a body a few times at most, and that what is
// allowed is rendered whatever the data.
func TestDataStandsInTheBodyAFewTimes(t *testing.T) {
	t.Parallel()
	withData := func(times int, isForm bool) posthorn.Format {
		format := posthorn.Format{Name: "repeating", IsForm: isForm, Signatures: []posthorn.SignatureScheme{{Algorithm: posthorn.NotSigned}}}
		for i := range times {
			format.Body = append(format.Body, posthorn.BodyField{Name: fmt.Sprint(i), Raw: "event.data"})
		}
		return format
	}
	for _, c := range []struct {
		times  int
		isForm bool
	}{{5, false}, {2, true}, {60, false}} {
		if _, err := wire.Compile(withData(c.times, c.isForm)); !errors.Is(err, &posthorn.Error{Code: posthorn.CodeInvalid}) {
			t.Errorf("%d times, form %v: %v", c.times, c.isForm, err)
		}
	}
	in := input()
	in.Event.Data = []byte(`"` + strings.Repeat(" ~", 1<<19) + `"`)
	if request := render(t, compile(t, withData(4, false)), in); len(request.Body) < 4<<20 {
		t.Errorf("the body is %d bytes", len(request.Body))
	}
	in.Event.Data = []byte(`"` + strings.Repeat("ü", 1<<19) + `"`)
	render(t, compile(t, withData(1, true)), in)
}
