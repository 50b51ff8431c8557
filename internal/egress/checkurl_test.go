package egress

import (
	"net/netip"
	"testing"

	"github.com/posthorn/posthorn"
)

// Invariant: what a person can see to be forbidden is refused when the webhook
// is saved, and nothing else is.
func TestCheckURL(t *testing.T) {
	t.Parallel()
	allowing := newSender(t, Options{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	private := newSender(t, Options{Production: PolicyPrivate})
	public := newSender(t, Options{})
	const production, development = posthorn.Production, posthorn.Development
	for _, test := range []struct {
		sender *Sender
		kind   posthorn.EnvironmentKind
		url    string
		ok     bool
	}{
		{public, production, "https://example.com/hooks", true},
		{public, production, "https://example.com.:8443/hooks?a=b", true},
		{public, production, "https://1.1.1.1/", true},
		{public, production, "https://[2606:4700:4700::1111]/", true},
		{public, production, "https://127.0.0.1/", false},
		{public, production, "https://[::1]/", false},
		{public, production, "https://[::ffff:127.0.0.1]/", false},
		{public, production, "https://[64:ff9b::7f00:1]/", false},
		{public, production, "https://10.0.0.1/", false},
		{public, production, "https://169.254.169.254/latest/meta-data", false},
		{public, production, "https://168.63.129.16/", false},
		{public, production, "https://[fe80::1%25lo]/", false},
		{public, production, "https://2130706433/", false},
		{public, production, "https://0177.0.0.1/", false},
		{public, production, "https://0x7f.1/", false},
		{public, production, "https://127.1/", false},
		{public, production, "https://localhost/", false},
		{public, production, "https://LOCALHOST./", false},
		{public, production, "https://api.localhost/", false},
		{public, production, "https://metadata.google.internal/", false},
		{public, production, "https://printer.local/", false},
		{public, production, "https://receiver/", false},
		{public, production, "http://example.com/", false},
		{public, production, "ftp://example.com/", false},
		{public, production, "https://user:secret@example.com/", false},
		{public, production, "not a url", false},
		{public, development, "http://localhost:3000/", true},
		{public, development, "http://127.0.0.1:3000/", true},
		{public, development, "http://receiver:3000/", true},
		{public, development, "http://169.254.169.254/", false},
		{private, production, "https://10.0.0.1/", true},
		{private, production, "https://billing.internal/", true},
		{private, production, "https://localhost/", false},
		{private, production, "https://[fd00:ec2::254]/", false},
		{allowing, production, "https://10.0.0.1/", true},
		{allowing, production, "https://receiver/", true},
		{allowing, production, "https://192.168.0.1/", false},
	} {
		err := test.sender.CheckURL(test.url, test.kind)
		if (err == nil) != test.ok {
			t.Errorf("%s in %s: %v, want ok = %v", test.url, test.kind, err, test.ok)
		}
		if err != nil && (err.Pointer != "/url" || err.Code != posthorn.CodeInvalid || err.Hint == "") {
			t.Errorf("%s: incomplete error %+v", test.url, err)
		}
	}
}

// Invariant: every forbidden address in a URL is answered in the same words: they
// don't tell which of them mean something here.
func TestForbiddenAddressesInURLsLookAlike(t *testing.T) {
	t.Parallel()
	sender := newSender(t, Options{})
	words := map[string]bool{}
	for _, host := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "168.63.129.16", "[::1]", "[fd00:ec2::254]", "[64:ff9b::a9fe:a9fe]"} {
		err := sender.CheckURL("https://"+host+"/", posthorn.Production)
		if err == nil {
			t.Fatalf("%s is let through", host)
		}
		words[err.Message+err.Hint] = true
	}
	if len(words) != 1 {
		t.Errorf("different words: %v", words)
	}
}
