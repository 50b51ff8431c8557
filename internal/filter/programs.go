package filter

import "sync"

// maxKeptText bounds what Programs keeps, by the length of the filters' texts in
// bytes. A program takes up to a hundred times its text.
const maxKeptText = 1 << 20

// Programs makes programs out of filters, and keeps them, so that a change of one
// webhook does not have every filter of its environment compiled again. It is
// safe for concurrent use.
type Programs struct {
	compiler *Compiler

	mu   sync.Mutex
	kept map[programKey]*Program
	text int
}

type programKey struct {
	text  string
	limit uint64
}

// NewPrograms makes an empty Programs.
func NewPrograms() *Programs {
	return &Programs{compiler: NewCompiler(), kept: map[programKey]*Program{}}
}

// Program returns the program of a filter at a limit. It returns a
// *posthorn.Error as Compiler.Compile does.
func (p *Programs) Program(text string, limit uint64) (*Program, error) {
	key := programKey{text: text, limit: limit}
	p.mu.Lock()
	known := p.kept[key]
	p.mu.Unlock()
	if known != nil {
		return known, nil
	}
	expression, err := p.compiler.Compile(text)
	if err != nil {
		return nil, err
	}
	program, err := expression.Program(limit)
	if err != nil {
		return nil, err
	}
	p.keep(key, program)
	return program, nil
}

func (p *Programs) keep(key programKey, program *Program) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept[key] != nil {
		return
	}
	for other := range p.kept {
		if p.text+len(key.text) <= maxKeptText {
			break
		}
		delete(p.kept, other)
		p.text -= len(other.text)
	}
	p.kept[key] = program
	p.text += len(key.text)
}
