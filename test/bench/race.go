package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// A contestant is a column: its name and the process that speaks the protocol of
// package contender.
type contestant struct {
	name string
	args []string
}

// A score is the best that a contestant did at an operation, per item. What it
// took over the bare part of the work has no best: each round has its own.
type score struct {
	nanoseconds, allocs float64
	over                []float64
}

type results struct {
	names  []string
	scores map[string]map[string]score // contestant, operation
}

type running struct {
	contestant
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	ops []string
}

func (r *running) line() (string, error) {
	line, err := r.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("%s ended: %w", r.name, err)
	}
	return strings.TrimSpace(line), nil
}

// race starts all contestants and lets them take turns; then again, in as many
// heats as are asked for.
func race(heats int, all ...contestant) (*results, error) {
	res := &results{scores: map[string]map[string]score{}}
	for _, c := range all {
		res.names = append(res.names, c.name)
		res.scores[c.name] = map[string]score{}
	}
	for heat := range heats {
		if err := res.heat(all); err != nil {
			return nil, err
		}
		if heats > 1 {
			fmt.Fprintf(os.Stderr, "heat %d of %d\n", heat+1, heats)
		}
	}
	return res, nil
}

// heat is a race of processes of its own: where the system puts their memory
// moves some results by some per cent.
func (res *results) heat(all []contestant) error {
	var field []*running
	defer func() {
		for _, r := range field {
			r.in.Close()
			r.cmd.Wait()
		}
	}()
	var order []string // every operation, as the first who knows it has it
	for _, c := range all {
		r, err := c.start()
		if err != nil {
			return err
		}
		field = append(field, r)
		line, err := r.line()
		if err != nil {
			return err
		}
		names, ok := strings.CutPrefix(line, "ops ")
		if !ok {
			return fmt.Errorf("%s said %q", c.name, line)
		}
		r.ops = strings.Fields(names)
		for _, op := range r.ops {
			if !contains(order, op) {
				order = append(order, op)
			}
		}
	}
	for round := range *rounds {
		for _, op := range order {
			for i := range field {
				// Another one begins each round.
				r := field[(i+round)%len(field)]
				if !contains(r.ops, op) {
					continue
				}
				if err := res.turn(r, op); err != nil {
					return err
				}
			}
		}
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, *rounds)
	}
	return nil
}

func (c contestant) start() (*running, error) {
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return &running{c, cmd, in, bufio.NewReader(out), nil}, nil
}

// turn lets one contestant measure an operation.
func (res *results) turn(r *running, op string) error {
	if _, err := fmt.Fprintln(r.in, op, *ms); err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	line, err := r.line()
	if err != nil {
		return err
	}
	var name string
	var s score
	var over float64 // only those have it who measure it
	n, _ := fmt.Sscan(line, &name, &s.nanoseconds, &s.allocs, &over)
	if n < 3 || name != op || s.nanoseconds <= 0 {
		return fmt.Errorf("%s said %q to %s", r.name, line, op)
	}
	best, ok := res.scores[r.name][op]
	s.over = best.over
	if n == 4 {
		s.over = append(s.over, over)
	}
	if ok && best.nanoseconds <= s.nanoseconds {
		s.nanoseconds, s.allocs = best.nanoseconds, best.allocs
	}
	res.scores[r.name][op] = s
	return nil
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// A row is one line of a table. Bar is how many times as fast as the rival the
// first column has to be, 0 where nothing was promised; items multiplies the
// time of one item.
type row struct {
	op, label string
	bar       float64
	items     float64
}

func (r *results) table(title string, unit float64, rival string, rows []row) {
	fmt.Printf("\n%s:\n\n| | %s | times as fast as %s | bar |\n|---|%s---:|---:|\n", title, strings.Join(r.names, " | "), rival, strings.Repeat("---:|", len(r.names)))
	for _, line := range rows {
		cells := []string{line.label}
		for _, name := range r.names {
			s, ok := r.scores[name][line.op]
			if !ok {
				cells = append(cells, "-")
				continue
			}
			cells = append(cells, number(s.nanoseconds*line.items/unit))
		}
		own, rivals := r.scores[r.names[0]][line.op], r.scores[rival][line.op]
		times, bar := "-", "-"
		if own.nanoseconds > 0 && rivals.nanoseconds > 0 {
			ratio := rivals.nanoseconds / own.nanoseconds
			times = fmt.Sprintf("%.2f", ratio)
			if line.bar > 0 {
				bar = fmt.Sprintf("%.2f: %s", line.bar, verdict(ratio >= line.bar))
			}
		}
		fmt.Printf("| %s | %s | %s |\n", strings.Join(cells, " | "), times, bar)
	}
}

// overhead prints what each contestant takes over the cryptography alone: the
// median of the rounds where it measured both in turn, else the difference to
// the contestant that is the cryptography alone.
func (r *results) overhead(title, bare string, ops []string) {
	fmt.Printf("\n%s:\n\n| |", title)
	for _, op := range ops {
		fmt.Printf(" %s us | over bare | allocations |", op)
	}
	fmt.Printf(" bar |\n|---|%s---:|\n", strings.Repeat("---:|---:|---:|", len(ops)))
	for _, name := range r.names {
		fmt.Printf("| %s |", name)
		worst, most := math.Inf(-1), 0.0
		for _, op := range ops {
			s, ok := r.scores[name][op]
			if !ok {
				fmt.Print(" - | - | - |")
				continue
			}
			over := (s.nanoseconds - r.scores[bare][op].nanoseconds) / 1000
			if len(s.over) > 0 {
				over = median(s.over) / 1000
			}
			worst, most = max(worst, over), max(most, s.allocs)
			allocs := fmt.Sprintf("%.0f", s.allocs)
			if strings.Contains(name, "Node") {
				allocs = "-"
			}
			if name == bare {
				fmt.Printf(" %s | | %s |", number(s.nanoseconds/1000), allocs)
			} else {
				fmt.Printf(" %s | %.1f | %s |", number(s.nanoseconds/1000), over, allocs)
			}
		}
		if name == "ours" {
			fmt.Printf(" 2 us: %s; 25 allocations: %s |\n", verdict(worst <= 2), verdict(most <= 25))
		} else {
			fmt.Println(" |")
		}
	}
}

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return (list[(len(list)-1)/2] + list[len(list)/2]) / 2
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "missed"
}

// number prints three significant digits.
func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
