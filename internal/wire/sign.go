package wire

import (
	"errors"
	"hash"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// sign returns the encoded signatures, newest secret first: one, or one for
// each secret where the format has room for several.
func (d *Dialect) sign(s *scope, secrets []posthorn.Secret) ([][]byte, error) {
	if d.algorithm == "" {
		return nil, nil
	}
	if len(d.several) == 0 {
		secrets = secrets[:1]
	}
	signatures := make([][]byte, 0, len(secrets))
	for _, secret := range secrets {
		signing := *s
		signing.secret = secret
		encoded, err := d.signWith(&signing)
		if err != nil {
			return nil, err
		}
		signatures = append(signatures, encoded)
	}
	return signatures, nil
}

func (d *Dialect) signWith(s *scope) ([]byte, error) {
	key, err := signature.Key(s.secret.Reveal(), d.key, d.format.Signature.KeyPrefix)
	if err != nil {
		return nil, unusableSecret(err)
	}
	mac, err := d.algorithm.New(key)
	if err != nil {
		return nil, unusableSecret(err)
	}
	if err := d.writeContent(mac, s); err != nil {
		return nil, err
	}
	sum := mac.Sum(nil)
	return d.encoding.Append(make([]byte, 0, 2*len(sum)), sum), nil
}

// writeContent writes what is signed. The body goes into the hash as it is,
// without a copy; writing to a hash can't fail.
func (d *Dialect) writeContent(mac hash.Hash, s *scope) error {
	text := make([]byte, 0, 128)
	for i := range d.content {
		p := &d.content[i]
		if p.value == bodyValue && len(p.filters) == 0 {
			_, _ = mac.Write(text)
			_, _ = mac.Write(s.body)
			text = text[:0]
			continue
		}
		var err error
		if text, err = p.appendTo(text, s); err != nil {
			return err
		}
	}
	_, _ = mac.Write(text)
	return nil
}

func unusableSecret(err error) error {
	detail := err.Error()
	var problem *signature.Error
	if errors.As(err, &problem) {
		detail = problem.Detail
	}
	return posthorn.Invalid("", "The webhook's secret can't be used to sign: "+detail+".", "Set a secret that the webhook's format can read.")
}
