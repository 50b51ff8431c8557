package wire

import "github.com/posthorn/posthorn"

// readSignatures reads signature, the only scheme, or signatures, a list of
// them.
func readSignatures(f *fields) []posthorn.SignatureScheme {
	single, several := f.child("signature"), f.child("signatures")
	switch {
	case single != nil && several != nil:
		f.problems.Add(several.wrong("there are both signature and signatures", "Put all schemes into signatures."))
		return nil
	case single != nil:
		return []posthorn.SignatureScheme{readScheme(f, single, false)}
	case several == nil:
		return nil
	}
	list := f.list("signatures")
	schemes := make([]posthorn.SignatureScheme, 0, len(list))
	for _, entry := range list {
		schemes = append(schemes, readScheme(f, entry, true))
	}
	return schemes
}

func readScheme(f *fields, entry *node, isNamed bool) posthorn.SignatureScheme {
	inner := fieldsOf(entry, f.problems)
	scheme := posthorn.SignatureScheme{
		Algorithm: posthorn.SignatureAlgorithm(inner.text("algorithm")),
		Content:   inner.text("content"),
		Encoding:  posthorn.Encoding(inner.text("encoding")),
		Key:       posthorn.Encoding(inner.text("key")),
		KeyPrefix: inner.text("keyPrefix"),
		ECDSA:     posthorn.ECDSAForm(inner.text("ecdsa")),
	}
	if isNamed {
		scheme.Name = inner.text("name")
	}
	readSeveral(inner, &scheme)
	scheme.IsOptional = inner.boolean("optional")
	scheme.AppendTo = inner.text("appendTo")
	if claims := inner.child("claims"); claims != nil {
		scheme.Claims = readMembers(f, claims)
	}
	if message := inner.child("message"); message != nil {
		scheme.Message = readMessage(fieldsOf(message, f.problems))
	}
	inner.finish()
	return scheme
}

// readSeveral reads the template of a further signature, or {lines: true}.
func readSeveral(f *fields, scheme *posthorn.SignatureScheme) {
	several := f.child("several")
	switch {
	case several == nil:
	case several.kind == objectKind:
		inner := fieldsOf(several, f.problems)
		scheme.SeveralLines = inner.boolean("lines")
		inner.finish()
	default:
		scheme.Several = f.textOf(several)
	}
}

func readMessage(f *fields) posthorn.MessageSignature {
	message := posthorn.MessageSignature{
		Label: f.text("label"), Components: f.texts("components"), Parameters: f.texts("parameters"),
		KeyID: f.text("keyid"), Tag: f.text("tag"), Expires: f.duration("expires"),
	}
	f.finish()
	return message
}
