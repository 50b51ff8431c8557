package signature

import (
	"net/url"
	"strings"
)

// messageBase makes the signature base (RFC 9421, section 2.5).
func messageBase(input messageInput, r *request) ([]byte, error) {
	var base []byte
	for _, name := range input.components {
		var value string
		var err error
		if strings.HasPrefix(name, "@") {
			value, err = derived(name, r.url)
		} else {
			value, err = single(r.headers, name)
		}
		if err != nil {
			return nil, err
		}
		base = append(base, `"`+name+`": `+strings.TrimSpace(value)+"\n"...)
	}
	return append(base, `"@signature-params": `+input.written...), nil
}

// derived returns a component that is derived from the request (RFC 9421,
// section 2.2). Webhooks are sent with POST.
func derived(name, target string) (string, error) {
	if name == "@method" {
		return "POST", nil
	}
	if target == "" {
		return "", &Error{Problem: MissingURL}
	}
	target, _, _ = strings.Cut(target, "#") // which nobody sends
	parsed, err := url.Parse(target)
	if err != nil || parsed.Host == "" {
		return "", &Error{Problem: MissingURL, Detail: "the URL can't be read"}
	}
	if parsed.Path == "" {
		parsed.Path = "/"
	}
	switch name {
	case "@target-uri":
		return parsed.String(), nil
	case "@authority":
		return authority(parsed), nil
	case "@scheme":
		return strings.ToLower(parsed.Scheme), nil
	case "@path":
		return parsed.EscapedPath(), nil
	case "@query":
		return "?" + parsed.RawQuery, nil
	case "@request-target":
		return parsed.RequestURI(), nil
	default:
		return "", malformed(signatureInput, "the component "+quote(name)+" is unknown")
	}
}

// authority is the host in lower case, without the port that the scheme implies.
func authority(target *url.URL) string {
	port := map[string]string{"https": ":443", "http": ":80"}[strings.ToLower(target.Scheme)]
	return strings.TrimSuffix(strings.ToLower(target.Host), port)
}
