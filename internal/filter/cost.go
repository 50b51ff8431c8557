package filter

import (
	"math"
	"strings"

	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// Costs are counted in units: about one for each step of an evaluation (looking
// up a name, comparing two numbers), more for those that grow with their
// operands.
const (
	// MaxCost is what one evaluation of a filter may cost.
	MaxCost = 10_000
	// MaxEventCost is what all filters of an environment may cost together for one
	// event.
	MaxEventCost = 200_000
	// MaxFilters is how many webhooks of an environment may have a filter.
	MaxFilters = 1000
	// baseCost is for beginning an evaluation at all.
	baseCost = 10
	// patternCost is for each byte that is matched against a regular expression.
	patternCost = 5
	// zoneCost is for looking up a time zone by name.
	zoneCost = 100
)

// Limit is what one evaluation may cost where so many webhooks of an environment
// have a filter: MaxCost, and from 20 filters on a share of MaxEventCost. It
// changes by halves, so that the same limits are met again and again.
func Limit(filters int) uint64 {
	limit := uint64(MaxCost)
	for limit > 1 && limit*uint64(max(filters, 0)) > MaxEventCost {
		limit /= 2
	}
	return limit
}

func saturatingAdd(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

// assumedSizes is how large values are taken to be when the cost of a filter is
// estimated before any event is there.
type assumedSizes struct{}

// EstimateSize implements cost.Estimator.
func (assumedSizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	const items, characters = 30, 200
	path := node.Path()
	// Asked whether a value of unknown type has items, yes would lead to their
	// items, and on without end.
	if len(path) > 0 && strings.HasPrefix(path[len(path)-1], "@") && node.Expr() == nil {
		return nil
	}
	size := cost.RangedSizeEstimate(0, items)
	if kind := node.Type().Kind(); kind == types.StringKind || kind == types.BytesKind {
		size = cost.RangedSizeEstimate(0, characters)
	}
	return &size
}

// EstimateCallCost implements cost.Estimator.
func (assumedSizes) EstimateCallCost(function, overload string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	const matched = 100
	switch {
	case function == overloads.Matches:
		return cost.NewCallEstimate(cost.FixedCostEstimate(matched*patternCost), nil)
	case isZoned(overload):
		return cost.NewCallEstimate(cost.FixedCostEstimate(zoneCost), nil)
	default:
		return nil
	}
}

// actualCosts counts the operations whose effort the language itself counts too
// low: it takes comparing two values for one step, however large they are.
type actualCosts struct{}

// CallCost implements cost.ActualCostEstimator.
func (actualCosts) CallCost(function, overload string, arguments []ref.Val, _ ref.Val) *uint64 {
	var units uint64
	switch {
	case len(arguments) == 2 && (function == operators.Equals || function == operators.NotEquals):
		units = comparing(arguments[0], arguments[1])
	case len(arguments) == 2 && function == operators.In:
		units = searching(arguments[0], arguments[1])
	case len(arguments) == 2 && function == overloads.Matches:
		units = 1 + patternCost*min(lengthOf(arguments[0]), maxMatched)
	case isZoned(overload):
		units = zoneCost
	default:
		return nil
	}
	return &units
}

func isZoned(overload string) bool {
	return strings.HasPrefix(overload, "timestamp_to_") && strings.HasSuffix(overload, "_tz")
}

// comparing is the cost of an equality: the parts of one side if both have any.
func comparing(a, b ref.Val) uint64 {
	const charactersPerUnit = 10
	if isAggregate(a) && isAggregate(b) {
		return parts(a.Value(), MaxValues+1)
	}
	return 1 + min(lengthOf(a), lengthOf(b))/charactersPerUnit
}

// searching is the cost of looking for a value in a list or a map.
func searching(wanted, within ref.Val) uint64 {
	list, isList := within.(traits.Lister)
	switch {
	case !isList:
		return 1
	case isAggregate(wanted):
		return parts(within.Value(), MaxValues+1)
	}
	if size, isInt := list.Size().(types.Int); isInt && size > 0 {
		return 1 + uint64(size)
	}
	return 1
}

func isAggregate(v ref.Val) bool {
	switch v.(type) {
	case traits.Lister, traits.Mapper:
		return true
	default:
		return false
	}
}

func lengthOf(v ref.Val) uint64 {
	switch text := v.(type) {
	case types.String:
		return uint64(len(text))
	case types.Bytes:
		return uint64(len(text))
	default:
		return 0
	}
}

// parts counts the values within a value, itself included, until there are
// limit.
func parts(value any, limit uint64) uint64 {
	count := uint64(1)
	add := func(part any) bool {
		count += parts(part, limit-count)
		return count < limit
	}
	if limit <= 1 {
		return count
	}
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			if !add(item) {
				break
			}
		}
	case map[string]any:
		for _, member := range value {
			if !add(member) {
				break
			}
		}
	case []ref.Val:
		for _, item := range value {
			if !add(item.Value()) {
				break
			}
		}
	case map[ref.Val]ref.Val:
		for _, member := range value {
			if !add(member.Value()) {
				break
			}
		}
	}
	return count
}
