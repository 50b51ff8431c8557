package detect

import (
	"context"
	"fmt"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// MaxSecrets is how many secrets a question may come with.
const MaxSecrets = 8

// Example is a request of which the format is looked for.
type Example struct {
	Request Request
	// Secrets are those that signed it, or public keys, as texts.
	Secrets []string
	// Name is the format's name to be.
	Name string
	// Known are formats that may make such requests already.
	Known []posthorn.Format
	// IsPartial: not all formats that there are could be put into Known.
	IsPartial bool
	// Budget bounds the search; one of SmallBudget when nil.
	Budget *Budget
}

// Inference is what was found.
type Inference struct {
	// IsFound: Format is good and makes such signatures.
	IsFound bool
	Format  posthorn.Format
	// IsExact: rendered with the same event, the format gave the same bytes and
	// headers.
	IsExact bool
	// Explanation says in sentences what was found, or what was looked for.
	Explanation []string
	// Differences say what the format does otherwise than the request.
	Differences []string
	// Tried counts the signatures that were made, and IsStopped says that the
	// budget ended the search.
	Tried     int
	IsStopped bool
}

// Infer finds the format that makes a request. It returns an *posthorn.Error when
// there is no secret, or too many; ctx ends the search.
func Infer(ctx context.Context, example Example) (Inference, error) {
	if err := checkSecrets(example.Secrets); err != nil {
		return Inference{}, err
	}
	if example.Budget == nil {
		example.Budget = NewBudget(ctx, SmallBudget)
	}
	if example.Name == "" {
		example.Name = "inferred"
	}
	inferred := infer(&example)
	if inferred.IsStopped = example.Budget.isShort; inferred.IsStopped {
		inferred.Explanation = append(inferred.Explanation, stopped(&example.Request, len(example.Secrets), true))
	}
	if example.IsPartial {
		inferred.Explanation = append(inferred.Explanation, "Not all formats that exist were compared: there may be one that does the same.")
	}
	inferred.hide(example.Secrets)
	return inferred, nil
}

func checkSecrets(secrets []string) error {
	if len(secrets) == 0 || len(secrets) > MaxSecrets {
		return posthorn.Invalid("/secret", fmt.Sprintf("There are %d secrets; 1 to %d are needed.", len(secrets), MaxSecrets), "Give the secret that the sender signs with.")
	}
	for _, secret := range secrets {
		const longest = 4096
		if strings.TrimSpace(secret) == "" || len(secret) > longest {
			return posthorn.Invalid("/secret", fmt.Sprintf("A secret is empty, or longer than %d bytes.", longest), "Give the secret that the sender signs with.")
		}
	}
	return nil
}

// keysOf reads the secrets, and those among them that may be public keys.
func keysOf(secrets []string, isWanted func(reading) bool) ([]reading, []public) {
	var all []reading
	var publics []public
	for i, secret := range secrets {
		if key := publicKeyOf(secret); key != nil {
			publics = append(publics, public{key, i})
		}
		for _, one := range readings(secret, i) {
			if isWanted(one) {
				all = append(all, one)
			}
		}
	}
	return all, publics
}

func infer(example *Example) Inference {
	r := example.Request
	all, publics := keysOf(example.Secrets, func(one reading) bool { return one.isExpressible })
	if found := findMessages(example.Budget, &r, example.Secrets, all); len(found) > 0 {
		b := newBuilder(newGuess(&r, nil), example.Name)
		b.addMessages(found)
		return b.finish(example, Inference{Tried: len(found)})
	}
	if token, isSigned, _ := findWebToken(example.Budget, &r, all); isSigned {
		b := newBuilder(newGuess(&r, nil), example.Name)
		b.addWebToken(token)
		return b.finish(example, Inference{Tried: 1})
	}
	signed := candidates(example.Budget, &r, isWantedLength(publics))
	s := searchAll(&r, signed, example, publics)
	result := Inference{Tried: s.tried}
	if len(s.matches) > 0 {
		b := newBuilder(newGuess(&r, s.matches[0].content), example.Name)
		b.addMatches(s.matches)
		b.leaveOut(signed, s.isFound)
		return b.finish(example, result)
	}
	for _, secret := range example.Secrets {
		header, found, isToken := staticToken(&r, secret)
		if !isToken {
			if header, found, isToken = basicCredentials(&r, secret); isToken {
				result.Differences = append(result.Differences, "The secret is the password of basic credentials: give user:password as the webhook's secret.")
			}
		}
		if isToken {
			b := newBuilder(newGuess(&r, nil), example.Name)
			b.addToken(header, found)
			return b.finish(example, result)
		}
	}
	result.Explanation = nothingFound(example.Budget, &r, signed, &result, example.Secrets)
	return result
}

// searchAll searches first with what a format can say, and then for what somebody
// may do by mistake.
func searchAll(r *Request, signed []candidate, example *Example, publics []public) *search {
	expressible, _ := keysOf(example.Secrets, func(one reading) bool { return one.isExpressible })
	s := newSearch(signed, expressible, publics, example.Budget)
	if len(signed) == 0 {
		return s
	}
	p := piecesOf(r, signed)
	s.run(p, longest)
	if len(s.matches) > 0 || s.isOver() {
		return s
	}
	others, _ := keysOf(example.Secrets, func(one reading) bool { return !one.isExpressible })
	mistaken := newSearch(signed, others, nil, s.budget)
	const short = 3
	mistaken.run(p, short)
	mistaken.tried += s.tried
	return mistaken
}

func isWantedLength(publics []public) func(int) bool {
	return func(length int) bool {
		_, isHash := hashOfLength(length)
		const shortestDER, longestDER = 68, 72
		return isHash || len(publics) > 0 && length >= shortestDER && length <= longestDER
	}
}

// finish completes the format and makes the request again with it.
func (b *builder) finish(example *Example, result Inference) Inference {
	b.readBody()
	b.format.Body, b.format.IsForm = b.body, b.isForm
	b.addHeaders()
	dialect, err := wire.Compile(b.format)
	if err != nil && len(b.format.Body) > 0 && !b.isForm {
		// An envelope that formats can't say is sent as data.
		b.format.Body, b.data = nil, b.request.Body
		dialect, err = wire.Compile(b.format)
	}
	if err != nil {
		result.Explanation = append(b.explain(), "What was found can't be said in a format: "+err.Error())
		result.Differences = append(result.Differences, b.differences...)
		result.Format = b.format
		return result
	}
	result.IsFound, result.Format = true, dialect.Format()
	again := b.renderAgain(dialect, example.Secrets)
	result.IsExact = len(again)+len(b.differences)+len(result.Differences) == 0
	result.Explanation = append(b.explain(), b.alreadyKnown(example)...)
	result.Differences = append(append(result.Differences, b.differences...), again...)
	return result
}
