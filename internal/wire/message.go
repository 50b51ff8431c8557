package wire

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// compiledMessage is how to sign by RFC 9421.
type compiledMessage struct {
	components []component
	// list is the components as an inner list: ("@method" "content-digest").
	list       string
	label      string
	parameters []string
	keyID      template
	tag        string
	expires    time.Duration
}

// component is one line of the signature base: derived from the request, or the
// header with that index; -1 is Content-Type.
type component struct {
	name      string
	isDerived bool
	header    int
}

const (
	contentTypeHeader   = -1
	contentLengthHeader = -2
)

// maxComponents is how many components a message signature may cover.
const maxComponents = 32

func (c *compiler) compileMessage(pointer string, scheme posthorn.SignatureScheme) *compiledMessage {
	said := scheme.Message
	message := &compiledMessage{label: said.Label, parameters: said.Parameters, tag: said.Tag, expires: said.Expires}
	message.keyID = c.template(pointer+"/keyid", said.KeyID, inContent)
	if !slices.Contains([]posthorn.SignatureAlgorithm{posthorn.Ed25519, posthorn.ECDSAP256, posthorn.HMACSHA256}, scheme.Algorithm) || scheme.ECDSA == posthorn.ECDSADER {
		c.problems.Add(posthorn.Invalid(pointer, "RFC 9421 has ed25519, ecdsa-p256-sha256 in the form raw, and hmac-sha256.", "Use one of these algorithms."))
	}
	if said.Label == "" || len(said.Label) > maxName || strings.Trim(said.Label, "abcdefghijklmnopqrstuvwxyz0123456789_.") != "" || said.Label[0] < 'a' {
		c.problems.Add(posthorn.Invalid(pointer+"/label", "A label is made of a-z, 0-9, '_' and '.', and begins with a letter.", "For example: sig1"))
	}
	for _, earlier := range c.schemes {
		if earlier.message != nil && earlier.message.label == said.Label {
			c.problems.Add(posthorn.Invalid(pointer+"/label", fmt.Sprintf("Two signatures have the label %q.", clip(said.Label)), "Rename one of them."))
		}
	}
	c.checkParameters(pointer, said)
	if len(said.Components) > maxComponents {
		c.problems.Add(posthorn.Invalid(pointer+"/components", fmt.Sprintf("%d components are more than the %d allowed.", len(said.Components), maxComponents), "Keep fewer."))
		return message
	}
	quoted := make([]string, 0, len(said.Components))
	for i, name := range said.Components {
		found, err := c.findComponent(pointerTo(pointer+"/components", i), name)
		c.problems.Add(err)
		if slices.Contains(said.Components[:i], name) {
			c.problems.Add(posthorn.Invalid(pointerTo(pointer+"/components", i), fmt.Sprintf("%q stands twice.", clip(name)), "Remove one of them."))
		}
		message.components = append(message.components, found)
		quoted = append(quoted, `"`+name+`"`)
	}
	message.list = "(" + strings.Join(quoted, " ") + ")"
	return message
}

func (c *compiler) checkParameters(pointer string, said posthorn.MessageSignature) {
	known := []string{"created", "expires", "keyid", "alg", "tag"}
	for i, name := range said.Parameters {
		if !slices.Contains(known, name) || slices.Contains(said.Parameters[:i], name) {
			c.problems.Add(posthorn.Invalid(pointerTo(pointer+"/parameters", i), fmt.Sprintf("%q is not a parameter, or stands twice.", clip(name)), "Use some of "+joined(known)+"."))
		}
	}
	if slices.Contains(said.Parameters, "expires") != (said.Expires > 0) || said.Expires < 0 || said.Expires > maxTolerance {
		c.problems.Add(posthorn.Invalid(pointer+"/expires", fmt.Sprintf("The parameter expires needs a length of time of at most %s, and that needs the parameter.", maxTolerance), "For example: expires: 5m"))
	}
	if slices.Contains(said.Parameters, "tag") != (said.Tag != "") || strings.ContainsAny(said.Tag, `"\`) {
		c.problems.Add(posthorn.Invalid(pointer+"/tag", "The parameter tag needs a tag without quotes and backslashes, and that needs the parameter.", "For example: tag: webhook"))
	}
	c.problems.Add(posthorn.ValidateHeaderValue(pointer+"/tag", said.Tag))
}

func (c *compiler) findComponent(pointer, name string) (component, *posthorn.Error) {
	if strings.HasPrefix(name, "@") {
		if _, known := derived(name, &url.URL{}); !known {
			return component{}, posthorn.Invalid(pointer, fmt.Sprintf("%q is not a component.", clip(name)), "Use @method, @target-uri, @authority, @scheme, @path, @query, @request-target, or a header's name.")
		}
		return component{name: name, isDerived: true}, nil
	}
	switch name {
	case "content-type":
		return component{name: name, header: contentTypeHeader}, nil
	case "content-length":
		return component{name: name, header: contentLengthHeader}, nil
	}
	for i, header := range c.format.Headers {
		if strings.ToLower(header.Name) != name {
			continue
		}
		if strings.Contains(header.Value, "{signature") || strings.Contains(header.Value, "{message.") {
			return component{}, posthorn.Invalid(pointer, fmt.Sprintf("The header %s holds a signature itself.", header.Name), "Leave it out.")
		}
		return component{name: name, header: i}, nil
	}
	return component{}, posthorn.Invalid(pointer, fmt.Sprintf("No header of the format is called %q.", clip(name)), "Name one of its headers in lower case, or a component such as @method.")
}

// derived returns a component that is derived from the request (RFC 9421,
// section 2.2).
func derived(name string, target *url.URL) (string, bool) {
	path := target.EscapedPath()
	if path == "" {
		path = "/"
	}
	switch name {
	case "@method":
		return "POST", true
	case "@target-uri":
		whole := *target
		whole.Fragment, whole.RawFragment = "", ""
		if whole.Path == "" {
			whole.Path = "/"
		}
		return whole.String(), true
	case "@authority":
		return authority(target), true
	case "@scheme":
		return strings.ToLower(target.Scheme), true
	case "@path":
		return path, true
	case "@query":
		return "?" + target.RawQuery, true
	case "@request-target":
		return target.RequestURI(), true
	default:
		return "", false
	}
}

// authority is the host in lower case, without the port that the scheme implies.
func authority(target *url.URL) string {
	host := strings.ToLower(target.Host)
	switch strings.ToLower(target.Scheme) {
	case "https":
		return strings.TrimSuffix(host, ":443")
	case "http":
		return strings.TrimSuffix(host, ":80")
	default:
		return host
	}
}

// labelOf is the label of a signature: the label itself, then label-2, label-3, ….
func (m *compiledMessage) labelOf(index int) string {
	if index == 0 {
		return m.label
	}
	return m.label + "-" + strconv.Itoa(index+1)
}
