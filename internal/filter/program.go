package filter

import (
	"errors"
	"fmt"
	"regexp"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/eventdata"
)

// maxMatched is the longest text that is matched against a regular expression,
// in bytes.
const maxMatched = 1024

// Program is an expression that is ready to be evaluated, up to a cost. It is
// immutable and safe for concurrent use.
type Program struct {
	program cel.Program
	limit   uint64
}

// Verdict is what a filter says of an event.
type Verdict struct {
	// Matches reports that the webhook wants the event.
	Matches bool
	// Failure says why the filter couldn't tell, which means that the event doesn't
	// match; empty when it could.
	Failure string
	// Cost is what it took to find out, in units.
	Cost uint64
}

// Program makes the expression ready to be evaluated at a cost of up to limit
// units each time.
func (e *Expression) Program(limit uint64) (*Program, error) {
	program, err := e.language.Program(e.checked,
		cel.CostTracking(actualCosts{}),
		cel.CostLimit(limit),
		cel.OptimizeRegex(compiledPattern()),
	)
	if err != nil {
		return nil, fmt.Errorf("preparing a filter: %w", err)
	}
	return &Program{program: program, limit: limit}, nil
}

// Evaluate says whether the filter matches an event. It never panics.
func (p *Program) Evaluate(event *posthorn.Event) Verdict {
	return p.evaluate(&input{event: event, source: eventdata.Of(event.Data)})
}

func (p *Program) evaluate(in *input) Verdict {
	result, details, err := p.program.Eval(in)
	verdict := Verdict{Cost: baseCost}
	if spent := details.ActualCost(); spent != nil {
		verdict.Cost = saturatingAdd(*spent, baseCost)
	}
	var cancelled interpreter.EvalCancelledError
	switch isTrue, isBool := result.(types.Bool); {
	case errors.As(err, &cancelled):
		verdict.Failure = fmt.Sprintf("it costs more than the %d units that a filter may", p.limit)
	case err != nil:
		verdict.Failure = clip(err.Error())
	case !isBool:
		verdict.Failure = fmt.Sprintf("it makes a value of type %s, not true or false", typeName(result))
	default:
		verdict.Matches = bool(isTrue)
	}
	return verdict
}

func typeName(value ref.Val) string {
	if value == nil {
		return "null"
	}
	return value.Type().TypeName()
}

// compiledPattern compiles the pattern of matches() once, and refuses texts that
// would take it long.
func compiledPattern() *interpreter.RegexOptimization {
	return &interpreter.RegexOptimization{
		Function: overloads.Matches, RegexIndex: 1,
		Factory: func(call interpreter.InterpretableCall, pattern string) (interpreter.InterpretableCall, error) {
			compiled, err := regexp.Compile(pattern)
			if err != nil {
				return nil, fmt.Errorf("reading a pattern: %w", err)
			}
			return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), func(values ...ref.Val) ref.Val {
				return match(compiled, values)
			}), nil
		},
	}
}

func match(pattern *regexp.Regexp, values []ref.Val) ref.Val {
	if len(values) == 0 {
		return types.NoSuchOverloadErr()
	}
	text, isText := values[0].(types.String)
	if !isText {
		return types.MaybeNoSuchOverloadErr(values[0])
	}
	if len(text) > maxMatched {
		return types.NewErr("a text of %d bytes is too long for matches(), which takes up to %d", len(text), maxMatched)
	}
	return types.Bool(pattern.MatchString(string(text)))
}
