// Command docstest runs the commands of README.md and docs/ as a reader does, page by page, and fails where one of them
// does.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// role is a reader: the pages that it reads in one shell, which begins in the repository.
type role struct {
	name  string
	pages []string
}

// roles are all readers. Pages of a role come in the order in which one needs what the other makes.
var roles = []role{
	{name: "newcomer", pages: []string{"README.md"}},
	{name: "everybody", pages: []string{
		"docs/local.md", "docs/owner.md", "docs/provider.md", "docs/dapp.md", "docs/x402.md", "docs/tools.md",
		"docs/contributor.md",
		"docs/reviewer.md", "docs/clients.md",
		"README.md",
	}},
	{name: "operator", pages: []string{"docs/operators.md", "docs/validators.md"}},
	{name: "model", pages: []string{"docs/models.md"}},
	{name: "node", pages: []string{"README.md"}},
}

func main() {
	only := flag.String("only", "", "run this reader alone: "+names())
	verbose := flag.Bool("v", false, "print what the commands print")
	flag.Parse()
	if code, done := separate(); done {
		os.Exit(code)
	}
	if os.Getenv(ownNetwork) == "" {
		fmt.Println(
			"this machine gives no program a network of its own: ports 26657, 1317, 9090, 8080, 8090, 11435, 26600 to 26640 " +
				"and 27700 to 27710 must be free",
		)
	}
	if !playAll(*only, *verbose) {
		os.Exit(1)
	}
}

// playAll runs the pages of all roles, or of one. It reports whether all could be run.
func playAll(only string, verbose bool) bool {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok := true
	for _, role := range roles {
		if only == "" || only == role.name {
			if err := play(ctx, role, verbose); err != nil {
				fmt.Printf("FAIL %s: %v\n", role.name, err)
				ok = false
			}
		}
	}
	return ok
}

func names() string {
	all := make([]string, len(roles))
	for i, role := range roles {
		all[i] = role.name
	}
	return strings.Join(all, ", ")
}

// play runs the pages of a role. What comes after a block that fails depends on it: it is not run.
func play(ctx context.Context, role role, verbose bool) (err error) {
	repository, err := os.Getwd()
	if err != nil {
		return err
	}
	s, err := open(repository)
	if err != nil {
		return err
	}
	defer func() {
		if closed := s.close(); err == nil {
			err = closed
		}
	}()
	for _, page := range role.pages {
		text, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		found, err := blocks(page, string(text))
		if err != nil {
			return err
		}
		for _, b := range found {
			if b.reader != "" && b.reader != role.name {
				continue
			}
			if b.skip != "" {
				fmt.Printf("skip %s: %s\n", b, b.skip)
				continue
			}
			began := time.Now()
			out, err := s.run(ctx, b)
			if err != nil {
				return fmt.Errorf("%s: %w\n%s\n%s", b, err, b.commands, out)
			}
			fmt.Printf("ok   %s (%.1f s)\n", b, time.Since(began).Seconds())
			if verbose && out != "" {
				fmt.Println(out)
			}
		}
	}
	return nil
}
