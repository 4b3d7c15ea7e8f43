package watch_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// series is a line that Prometheus collects, or what an expression says of the lines that it selects.
type series struct {
	name   string
	labels map[string]string // "" as a value selects any
}

// given are the labels that Prometheus adds.
var given = []string{"instance", "job"}

// matches reports whether a collected line is one that s selects.
func (s series) matches(line series) bool {
	if s.name != line.name {
		return false
	}
	for label, value := range s.labels {
		has, known := line.labels[label]
		if slices.Contains(given, label) {
			continue
		}
		if !known || value != "" && has != value {
			return false
		}
	}
	return true
}

// family is the name of the figure that a line belongs to: a histogram has lines of several names.
func (s series) family() string {
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, ok := strings.CutSuffix(s.name, suffix); ok && strings.HasSuffix(base, "_seconds") {
			return base
		}
	}
	return s.name
}

var (
	line    = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? \S+$`)
	pair    = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"`)
	matcher = regexp.MustCompile(`^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=|!=|=~|!~)\s*"((?:[^"\\]|\\.)*)"\s*$`)
	token   = regexp.MustCompile(`^(?:[a-zA-Z_:][a-zA-Z0-9_:]*|[0-9.]+|\{[^}]*\}|\[[0-9]+[smhd]\]|` +
		`==|!=|>=|<=|[-+*/<>(),])`)
	duration = regexp.MustCompile(`^[0-9]+[smhd]`)
)

// readSeries reads the text that Prometheus collects.
func readSeries(t *testing.T, text string) []series {
	t.Helper()
	var all []series
	for _, l := range strings.Split(text, "\n") {
		if l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		parts := line.FindStringSubmatch(l)
		require.NotNil(t, parts, l)
		s := series{name: parts[1], labels: make(map[string]string)}
		for _, p := range pair.FindAllStringSubmatch(parts[2], -1) {
			s.labels[p[1]] = p[2]
		}
		all = append(all, s)
	}
	return all
}

var (
	functions = []string{"absent", "histogram_quantile", "increase", "max", "min", "rate", "sum"}
	grouping  = []string{"by", "on", "without"}
	operators = []string{"and", "or", "unless"}
)

// parse checks what a small check can of an expression of Prometheus (its words, brackets, and ranges where functions
// need them) and returns what it selects. Labels that it groups by are asked of all figures in the expression.
func parse(expr string) ([]series, error) {
	var (
		found   []series
		open    []string // functions whose parenthesis is open
		rest    = strings.TrimSpace(expr)
		last    = "" // the token before
		labels  = false
		depth   = 0
		grouped []string
	)
	if rest == "" {
		return nil, errors.New("empty")
	}
	for rest != "" {
		word := token.FindString(rest)
		if last == "offset" {
			word = duration.FindString(rest)
		}
		if word == "" {
			return nil, fmt.Errorf("cannot read %q", rest)
		}
		rest = strings.TrimSpace(rest[len(word):])
		switch {
		case last == "offset":
		case labels:
			switch word {
			case "(", ",":
			case ")":
				labels = false
			default:
				grouped = append(grouped, word)
			}
		case slices.Contains(grouping, word):
			if !strings.HasPrefix(rest, "(") {
				return nil, fmt.Errorf("%s without labels", word)
			}
			labels = true
		case word == "(":
			open = append(open, last)
			depth++
		case word == ")":
			if depth--; depth < 0 {
				return nil, errors.New("a parenthesis too many is closed")
			}
			closed := open[len(open)-1]
			open = open[:len(open)-1]
			if (closed == "rate" || closed == "increase") && !strings.HasPrefix(last, "[") {
				return nil, fmt.Errorf("%s of what is no range", closed)
			}
		case strings.HasPrefix(word, "{"):
			if len(found) == 0 || last != found[len(found)-1].name {
				return nil, fmt.Errorf("%s selects nothing", word)
			}
			for _, m := range strings.Split(strings.Trim(word, "{}"), ",") {
				parts := matcher.FindStringSubmatch(m)
				if parts == nil {
					return nil, fmt.Errorf("%q is no matcher", m)
				}
				value := parts[3]
				if parts[2] != "=" {
					value = ""
				}
				found[len(found)-1].labels[parts[1]] = value
			}
		case strings.HasPrefix(word, "["):
			if len(open) == 0 || open[len(open)-1] != "rate" && open[len(open)-1] != "increase" {
				return nil, fmt.Errorf("a range %s outside of rate and increase", word)
			}
		case slices.Contains(functions, word):
			if !strings.HasPrefix(rest, "(") && word != "sum" {
				return nil, fmt.Errorf("%s of nothing", word)
			}
		case slices.Contains(operators, word) || word == "offset":
			if last == "" || rest == "" {
				return nil, fmt.Errorf("%s has one side", word)
			}
		case regexp.MustCompile(`^[a-zA-Z_:]`).MatchString(word):
			if !strings.Contains(word, "_") {
				return nil, fmt.Errorf("%q is no word that this check knows", word)
			}
			found = append(found, series{name: word, labels: make(map[string]string)})
		}
		last = word
	}
	if depth != 0 || labels {
		return nil, errors.New("a parenthesis is open")
	}
	if strings.Contains("==!=>=<=+-*/,", last) {
		return nil, fmt.Errorf("nothing behind %s", last)
	}
	for _, label := range grouped {
		for i := range found {
			if _, set := found[i].labels[label]; !set {
				found[i].labels[label] = ""
			}
		}
	}
	return found, nil
}

// TestExpressionsAreRead keeps the check honest.
func TestExpressionsAreRead(t *testing.T) {
	found, err := parse(`histogram_quantile(0.95, sum by (le, call) (rate(a_bucket{status!="ok",call="x"}[5m]))) > 2`)
	require.NoError(t, err)
	require.Equal(t, []series{{"a_bucket", map[string]string{"status": "", "call": "x", "le": ""}}}, found)
	for _, bad := range []string{"", "sum(", "sum(a_b))", "rate(a_b)", "a_b[5m]", "rates(a_b[5m])", `a_b{x}`, `{x="y"}`,
		"sum by (rate(a_b[5m]))(", "a_b >", "a_b or", "increase(a_b[5 minutes])", "a_b & c_d"} {
		_, err := parse(bad)
		require.Error(t, err, bad)
	}
	line := series{"a_bucket", map[string]string{"status": "ok", "call": "x", "le": "1"}}
	require.True(t, found[0].matches(line))
	line.labels["call"] = "y"
	require.False(t, found[0].matches(line))
}
