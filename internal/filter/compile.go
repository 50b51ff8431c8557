package filter

import (
	"fmt"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/overloads"

	"github.com/posthorn/posthorn"
)

// Bounds of what a filter may look like, beside posthorn.MaxFilter.
const (
	// MaxNodes is how many operations, names and constants a filter may have.
	MaxNodes = 250
	// maxNesting is how deeply it may nest.
	maxNesting = 50
	// maxPatternSteps is how large the program of a regular expression may be. The
	// time of a match grows with it.
	maxPatternSteps = 100
	// maxMistakes is how many mistakes of one filter are told.
	maxMistakes = 5
)

// Compiler turns the text of filters into expressions. It is safe for concurrent
// use.
type Compiler struct{ language func() (*cel.Env, error) }

// NewCompiler makes a Compiler. What it needs is made when it is first used.
func NewCompiler() *Compiler { return &Compiler{language: sync.OnceValues(newLanguage)} }

// newLanguage is CEL with its standard functions and what is known of an event.
func newLanguage() (*cel.Env, error) {
	return cel.NewEnv(
		cel.Variable(variableType, cel.StringType),
		cel.Variable(variableData, cel.DynType),
		cel.Variable(variableTimestamp, cel.TimestampType),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(posthorn.MaxFilter),
		cel.ExpressionNodeLimit(MaxNodes),
		cel.ParserRecursionLimit(maxNesting),
		cel.ParserErrorRecoveryLimit(maxMistakes),
		cel.RegexProgramSizeLimit(maxPatternSteps),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateDurationLiterals()),
	)
}

// Expression is a filter that has been checked. It is immutable and safe for
// concurrent use.
type Expression struct {
	language *cel.Env
	checked  *cel.Ast
	// EstimatedCost is what an evaluation costs at most, in units, if lists have
	// up to 30 items and texts up to 200 characters.
	EstimatedCost uint64
}

// Compile checks the text of a filter: that it can be read, that its types fit
// and make true or false, and that it is not too costly. It returns a
// *posthorn.Error with CodeInvalid about /filter that names every mistake with
// its line and column.
func (c *Compiler) Compile(text string) (*Expression, error) {
	language, err := c.language()
	if err != nil {
		return nil, fmt.Errorf("preparing the language of filters: %w", err)
	}
	checked, issues := language.Compile(text)
	if issues.Err() != nil {
		return nil, mistakes(issues)
	}
	if output := checked.OutputType(); !output.IsExactType(cel.BoolType) && !output.IsExactType(cel.DynType) {
		return nil, invalid(fmt.Sprintf("The filter makes a value of type %s, not true or false.", output), "Compare it with something: event.data.amount > 100")
	}
	if err := checkPatterns(checked.NativeRep()); err != nil {
		return nil, err
	}
	estimate, err := language.EstimateCost(checked, assumedSizes{})
	if err != nil {
		return nil, fmt.Errorf("estimating what a filter costs: %w", err)
	}
	cost := saturatingAdd(estimate.Max, baseCost)
	if cost > MaxCost {
		return nil, invalid(fmt.Sprintf("The filter may cost more than %d units on an ordinary event.", MaxCost),
			"Go through lists once (exists, all), not through a list for each item of two others.")
	}
	return &Expression{language: language, checked: checked, EstimatedCost: cost}, nil
}

func invalid(message, hint string) *posthorn.Error { return posthorn.Invalid("/filter", message, hint) }

// mistakes tells what CEL didn't like, each with its place.
func mistakes(issues *cel.Issues) error {
	var problems posthorn.Problems
	for n, found := range issues.Errors() {
		if n == maxMistakes {
			break
		}
		message := clip(plain(found.Message))
		if location := found.Location; location != nil && location.Line() > 0 {
			message = fmt.Sprintf("Line %d, column %d of the filter: %s.", location.Line(), location.Column()+1, strings.TrimSuffix(message, "."))
		}
		problems.Add(invalid(message, "An event has event.type, event.data and event.timestamp; the filter is written in CEL."))
	}
	return problems.Err()
}

// checkPatterns wants regular expressions to be written out: one that comes with
// an event would have to be compiled for each event, however long it is.
func checkPatterns(expression *ast.AST) error {
	var problems posthorn.Problems
	ast.PreOrderVisit(expression.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != overloads.Matches {
			return
		}
		if arguments := e.AsCall().Args(); len(arguments) > 0 && arguments[len(arguments)-1].Kind() == ast.LiteralKind {
			return
		}
		place := expression.SourceInfo().GetStartLocation(e.ID())
		problems.Add(invalid(fmt.Sprintf("Line %d, column %d of the filter: the pattern of matches() is not a constant.", place.Line(), place.Column()+1),
			"Write the pattern out: event.data.email.matches('@example[.]com$')"))
	}))
	return problems.Err()
}

// clip shortens what CEL says for use in a message.
func clip(text string) string {
	const shown = 300
	if len(text) <= shown {
		return text
	}
	return strings.ToValidUTF8(text[:shown], "") + "…"
}
