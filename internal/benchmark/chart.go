package benchmark

import (
	"bytes"
	"fmt"
	"html"
	"io"
)

// The chart's measures, in its own units.
const (
	chartWidth  = 820
	chartLabel  = 150
	chartBar    = 18
	chartGap    = 6
	chartMargin = 16
)

// charted are the figures that a chart shows, and whether more of it is better.
func charted() map[string]string {
	return map[string]string{"delivered": "more is better", "end to end p50": "less is better", "end to end p99": "less is better", "CPU per 1000 deliveries": "less is better"}
}

// WriteChart writes an SVG picture: for each scenario and the most telling figures a bar
// for each target, with its ratio to the baselines. Its colours suit what it is shown
// on, light or dark.
func (r Report) WriteChart(w io.Writer) error {
	var body bytes.Buffer
	y := chartMargin
	for _, s := range r.Scenarios {
		y = s.draw(&body, y)
	}
	m := r.Machine
	caption := fmt.Sprintf("%s, %d processors, %s/%s, %s. Medians of %d runs; lines from minimum to maximum.", orUnknown(m.Processor), m.Processors, m.OS, m.Arch, m.Go, r.Runs)
	fmt.Fprintf(&body, `<text class="note" x="%d" y="%d">%s</text>`+"\n", chartMargin, y+14, html.EscapeString(caption))
	height := y + 14 + chartMargin
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="Benchmark of Posthorn">
<style>
svg { font: 13px system-ui, sans-serif; background: #ffffff }
text { fill: #1f2328 } .note { fill: #59636e; font-size: 12px } .title { font-weight: 600; font-size: 15px }
.baseline { fill: #afb8c1 } .measured { fill: #0969da } .range { stroke: #1f2328; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117 } text { fill: #e6edf3 } .note { fill: #9198a1 }
.baseline { fill: #4c545d } .measured { fill: #4493f8 } .range { stroke: #e6edf3 }
}
</style>
%s</svg>
`, chartWidth, height, chartWidth, height, body.String())
	return err
}

// draw draws a scenario from a height on, and returns where it ends.
func (s ScenarioReport) draw(body *bytes.Buffer, y int) int {
	wanted := charted()
	fmt.Fprintf(body, `<text class="title" x="%d" y="%d">%s</text>`+"\n", chartMargin, y+14, html.EscapeString(s.Name))
	fmt.Fprintf(body, `<text class="note" x="%d" y="%d">%s</text>`+"\n", chartMargin, y+31, html.EscapeString(s.Summary))
	y += 44
	for _, name := range s.figureNames() {
		better, isWanted := wanted[name]
		if !isWanted {
			continue
		}
		fmt.Fprintf(body, `<text x="%d" y="%d">%s <tspan class="note">%s</tspan></text>`+"\n", chartMargin, y+12, html.EscapeString(name), better)
		y = s.drawBars(body, name, y+20) + chartGap
	}
	return y + 2*chartGap
}

func (s ScenarioReport) drawBars(body *bytes.Buffer, name string, y int) int {
	const room = chartWidth - chartLabel - 320 // beside the bar there are its number and ratios
	largest := 0.0
	for _, t := range s.Targets {
		if f, found := s.Find(t.Name, name); found {
			largest = max(largest, f.Maximum)
		}
	}
	for _, t := range s.Targets {
		f, found := s.Find(t.Name, name)
		if !found || largest <= 0 {
			continue
		}
		at := func(value float64) float64 { return chartLabel + room*value/largest }
		class, ratios := "baseline", ""
		for _, baseline := range s.Baselines {
			if ratio, found := f.Ratios[baseline]; found && s.isCompared(t.Name) {
				ratios += fmt.Sprintf(" · %.2f of %s", ratio, baseline)
			}
		}
		if s.isCompared(t.Name) {
			class = "measured"
		}
		middle := float64(y) + chartBar/2
		fmt.Fprintf(body, `<text x="%d" y="%.0f" text-anchor="end">%s</text>`, chartLabel-8, middle+4, html.EscapeString(t.Name))
		fmt.Fprintf(body, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`, class, chartLabel, y, max(1, at(f.Median)-chartLabel), chartBar)
		fmt.Fprintf(body, `<line class="range" x1="%.1f" x2="%.1f" y1="%.0f" y2="%.0f"/>`, at(f.Minimum), at(f.Maximum), middle, middle)
		fmt.Fprintf(body, `<text x="%.1f" y="%.0f">%s%s</text>`+"\n", at(f.Maximum)+8, middle+4, html.EscapeString(withUnit(f.Median, f.Unit)), html.EscapeString(ratios))
		y += chartBar + chartGap
	}
	return y
}

// isCompared reports whether a target is what the baselines are there for.
func (s ScenarioReport) isCompared(target string) bool {
	for _, baseline := range s.Baselines {
		if baseline == target {
			return false
		}
	}
	return true
}
