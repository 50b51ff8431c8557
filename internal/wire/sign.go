package wire

import (
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// signed is one signature of a request, and what made it.
type signed struct {
	// scheme is the index of its scheme, and number counts from 0 within it.
	scheme, number int
	text           []byte
	secret         posthorn.Secret
	keyID          string
	// label and parameters are those of a message signature.
	label, parameters string
}

// sign makes all signatures, by scheme and with the newest first.
func (d *Dialect) sign(s *scope, secrets []posthorn.Secret) error {
	s.signed = make([]signed, 0, len(secrets)+len(s.in.Keys))
	for i := range d.schemes {
		var err error
		if d.schemes[i].scheme.Algorithm.IsAsymmetric() {
			err = d.signWithKeys(s, i)
		} else {
			err = d.signWithSecrets(s, i, secrets)
		}
		if err != nil {
			return err
		}
	}
	if len(secrets) > 0 {
		s.secret = secrets[0]
	}
	s.keyID = ""
	return nil
}

func (d *Dialect) signWithSecrets(s *scope, index int, secrets []posthorn.Secret) error {
	scheme := &d.schemes[index]
	for number, secret := range secrets {
		if number > 0 && !scheme.signsAll {
			return nil
		}
		s.secret = secret
		made := signed{scheme: index, number: number, secret: secret}
		if scheme.scheme.Algorithm != posthorn.NotSigned {
			if err := d.signWithSecret(scheme, s, &made); err != nil {
				return err
			}
		}
		s.signed = append(s.signed, made)
	}
	return nil
}

func (d *Dialect) signWithSecret(scheme *compiledScheme, s *scope, made *signed) error {
	mac, err := scheme.takeKeyed(s.secret)
	if err != nil {
		return unusableSecret(err)
	}
	defer scheme.keyed.Put(mac)
	var content []byte // what was written, whose place is used again
	switch {
	case scheme.message != nil:
		made.label = scheme.message.labelOf(made.number)
		if content, made.parameters, err = d.messageBase(scheme, s); err != nil {
			return err
		}
		_, _ = mac.Write(content) // writing to a hash can't fail
	case scheme.claims != nil:
		made.text, err = signToken(mac, scheme.claims, s)
		return err
	default:
		if content, err = writeContent(mac, scheme.content, s); err != nil {
			return err
		}
	}
	made.text = encode(scheme, mac.Sum(content[:0]))
	return nil
}

// keyedHash is a hash that was keyed with a secret.
type keyedHash struct {
	hash.Hash
	secret posthorn.Secret
}

// takeKeyed returns a hash that is keyed and waits for the content, to be put into
// c.keyed afterwards. One that was used for the same secret serves again: when events come
// one after the other for one webhook, a request takes 544 bytes and two fifths of the time
// less. The pool holds no more of them than have signed at once. The garbage collector empties
// it of what two of its rounds found unused, so that so long a secret, or the key made of it,
// may stay in memory after it was replaced or its webhook was deleted.
func (c *compiledScheme) takeKeyed(secret posthorn.Secret) (*keyedHash, error) {
	if used, ok := c.keyed.Get().(*keyedHash); ok && used.secret == secret {
		used.Reset()
		return used, nil
	}
	key, err := signature.Key(secret.Reveal(), signature.Encoding(c.scheme.Key), c.scheme.KeyPrefix)
	if err != nil {
		return nil, err
	}
	made, err := c.hash.New(key)
	if err != nil {
		return nil, err
	}
	return &keyedHash{made, secret}, nil
}

// signToken makes a JSON Web Token in the compact form (RFC 7515, section 3.1).
func signToken(mac hash.Hash, claims template, s *scope) ([]byte, error) {
	payload, err := claims.appendTo(nil, s)
	if err != nil {
		return nil, err
	}
	token := appendTokenPart(nil, []byte(`{"alg":"HS256","typ":"JWT"}`))
	token = appendTokenPart(append(token, '.'), payload)
	_, _ = mac.Write(token)
	return appendTokenPart(append(token, '.'), mac.Sum(nil)), nil
}

func (d *Dialect) signWithKeys(s *scope, index int) error {
	scheme, number := &d.schemes[index], 0
	if scheme.scheme.IsOptional && !s.in.Webhook.UsesSigningKeys {
		return nil
	}
	for i := range s.in.Keys {
		key := &s.in.Keys[i]
		if key.Algorithm != scheme.scheme.Algorithm || !key.IsValid(s.in.Now) {
			continue
		}
		if number > 0 && !scheme.signsAll {
			return nil
		}
		s.keyID = key.ID.String()
		made := signed{scheme: index, number: number, keyID: s.keyID}
		if err := d.signWithKey(scheme, s, key.Private, &made); err != nil {
			return err
		}
		s.signed = append(s.signed, made)
		number++
	}
	if number == 0 && !scheme.scheme.IsOptional {
		return posthorn.Invalid("", fmt.Sprintf("The environment has no signing key for %s.", scheme.scheme.Algorithm), "Make one: POST /v1/signing-keys, or posthorn signing-key create.")
	}
	return nil
}

func (d *Dialect) signWithKey(scheme *compiledScheme, s *scope, private crypto.Signer, made *signed) error {
	var content []byte
	var err error
	if scheme.message != nil {
		made.label = scheme.message.labelOf(made.number)
		content, made.parameters, err = d.messageBase(scheme, s)
	} else {
		content, err = scheme.content.appendTo(make([]byte, 0, len(s.body)+128), s)
	}
	if err != nil {
		return err
	}
	raw, err := signature.SignWithKey(private, signature.Algorithm(scheme.scheme.Algorithm), signature.ECDSAForm(scheme.scheme.ECDSA), content)
	if err != nil {
		return posthorn.Invalid("", "The environment's signing key can't be used to sign.", "Make another one.")
	}
	made.text = encode(scheme, raw)
	return nil
}

// encode writes a signature's text behind its bytes, where there mostly is room.
func encode(scheme *compiledScheme, raw []byte) []byte {
	return signature.Encoding(scheme.scheme.Encoding).Append(raw, raw)[len(raw):]
}

// writeContent writes what is signed. The body goes into the hash as it is,
// without a copy; writing to a hash can't fail. What was written last is returned.
func writeContent(mac hash.Hash, content template, s *scope) ([]byte, error) {
	text := make([]byte, 0, 96) // what most formats write, or a digest and its text
	for i := range content {
		p := &content[i]
		if p.value == bodyValue && len(p.filters) == 0 {
			_, _ = mac.Write(text)
			_, _ = mac.Write(s.body)
			text = text[:0]
			continue
		}
		var err error
		if text, err = p.appendTo(text, s); err != nil {
			return nil, err
		}
	}
	_, _ = mac.Write(text)
	return text, nil
}

func unusableSecret(err error) error {
	detail := err.Error()
	var problem *signature.Error
	if errors.As(err, &problem) {
		detail = problem.Detail
	}
	return posthorn.Invalid("", "The webhook's secret can't be used to sign: "+detail+".", "Set a secret that the webhook's format can read.")
}

// appendTokenPart writes base64url without padding (RFC 7515, section 2).
func appendTokenPart(dst, raw []byte) []byte { return base64.RawURLEncoding.AppendEncode(dst, raw) }
