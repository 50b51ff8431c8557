package detect

// commonSeparators are tried first, and alone in long contents.
func commonSeparators() []string { return []string{".", ":", "", "\n", "|"} }

func otherSeparators() []string { return []string{",", "-", "_", " ", "&", ";", "/", "\r\n"} }

// longest is how many pieces a content has at most.
const longest = 5

// run tries contents, from the short and usual to the long and rare, until all
// signatures are explained or a length was gone through that explained one.
func (s *search) run(p pieces, most int) {
	for length := 1; length <= most && len(s.publics) > 0 && len(s.matches) == 0; length++ {
		s.arrangeUsual(p, length) // public keys are dear: what is rare comes after all that is usual
	}
	for length := 1; length <= most && len(s.matches) == 0; length++ {
		s.arrangeUsual(p, length)
		if len(s.matches) == 0 {
			s.arrange(p, length, commonSeparators())
		}
		if length > 1 && length < longest-1 {
			s.arrange(p, length, otherSeparators())
		}
	}
	if len(s.matches) == 0 { // some sign no body
		p.bodies = nil
		for length := 1; length <= min(most, longest-2) && len(s.matches) == 0; length++ {
			s.arrange(p, length, commonSeparators())
		}
	}
}

// arrangeUsual tries what most senders do: the body itself, behind everything
// else.
func (s *search) arrangeUsual(p pieces, length int) {
	const body = 1
	p.bodies, p.places, p.method = firstOf(p.bodies, body), nil, piece{}
	a := newArrangement(s, p, length, commonSeparators())
	a.isBodyLast = true
	a.add(nil, 0)
}

// arrange tries all orders of so many pieces.
func (s *search) arrange(p pieces, length int, separators []string) {
	const few = 3
	if length >= longest-1 {
		p.literals, p.names, p.places, p.bodies = nil, firstOf(p.names, few+1), firstOf(p.places, few), firstOf(p.bodies, few)
	}
	newArrangement(s, p, length, separators).add(nil, 0)
}

func newArrangement(s *search, p pieces, length int, separators []string) *arrangement {
	a := &arrangement{search: s, length: length, separators: separators, wantsBody: len(p.bodies) > 0, isBodyLast: length == longest}
	if length == 1 {
		a.separators = separators[:1]
	}
	a.groups = [][]piece{p.bodies, p.times, p.names, p.literals, nil, p.places}
	if len(p.method.text) > 0 {
		a.groups[methodGroup] = []piece{p.method}
	}
	return a
}

func firstOf(all []piece, most int) []piece { return all[:min(len(all), most)] }

// arrangement is the orders of some pieces, one of each group at most.
type arrangement struct {
	search     *search
	groups     [][]piece
	length     int
	separators []string
	wantsBody  bool
	isBodyLast bool
}

const (
	bodyGroup    = 0
	literalGroup = 3
	methodGroup  = 4
)

// add puts another piece behind those that there are; used has a bit for each
// group.
func (a *arrangement) add(content []piece, used uint) {
	if a.search.isOver() {
		return
	}
	left := a.length - len(content)
	if left == 0 {
		for _, separator := range a.separators {
			a.search.try(content, separator)
		}
		return
	}
	needsBody := a.wantsBody && used&(1<<bodyGroup) == 0
	for group, choices := range a.groups {
		isUsed := used&(1<<group) != 0
		isTooEarly := group == bodyGroup && a.isBodyLast && left > 1
		isTooLate := group == literalGroup && len(content) > 0 || needsBody && left == 1 && group != bodyGroup
		if isUsed || isTooEarly || isTooLate {
			continue
		}
		for _, choice := range choices {
			a.add(append(content[:len(content):len(content)], choice), used|1<<group)
		}
	}
}
