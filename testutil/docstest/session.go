package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

const (
	patience      = 5 * time.Minute // for one block
	readyPatience = 90 * time.Second
	killPatience  = 15 * time.Second
)

// session is what the blocks of some pages share: a home, variables, the current folder, and what they left running.
type session struct {
	home       string
	repository string      // where the pages are
	caches     []string    // of Go, as settings
	groups     []*exec.Cmd // one of each block
}

// open makes a session that begins in the repository.
func open(repository string) (*session, error) {
	caches, err := caches()
	if err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "openledger-docs-")
	if err != nil {
		return nil, err
	}
	s := &session{home: home, repository: repository, caches: caches}
	return s, errors.Join(os.WriteFile(s.file("folder"), []byte(repository), 0o644),
		os.WriteFile(s.file("variables"), nil, 0o644))
}

// file is where the session keeps something of its own.
func (s *session) file(name string) string { return filepath.Join(s.home, ".docs-test-"+name) }

// command runs commands as a reader types them, and stops at the first that fails. Variables and the folder are kept
// for what follows.
func (s *session) command(ctx context.Context, commands string) *exec.Cmd {
	script := fmt.Sprintf(`. %[1]s
cd "$(cat %[2]s)"
trap 'code=$?; trap - EXIT; export -p > %[1]s; pwd > %[2]s; exit $code' EXIT
set -aeo pipefail
%[3]s`, s.file("variables"), s.file("folder"), commands)
	cmd := exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-c", script)
	cmd.Env = s.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stdin = yes{}
	cmd.WaitDelay = time.Second
	return cmd
}

// yes answers y to every question.
type yes struct{}

func (yes) Read(p []byte) (int, error) { return copy(p, "y\n"), nil }

// environment is what a reader's shell has, without settings of this machine's own. What Go has built or fetched is
// taken over.
func (s *session) environment() []string {
	env := []string{
		"HOME=" + s.home, "PATH=" + filepath.Join(s.repository, "build") + ":" + os.Getenv("PATH"),
		"REPOSITORY=" + s.repository,
		"LANG=C.UTF-8", "TERM=dumb",
	}
	for _, kept := range []string{"GOFLAGS", "GOTOOLCHAIN", "TMPDIR"} {
		if value, ok := os.LookupEnv(kept); ok {
			env = append(env, kept+"="+value)
		}
	}
	return append(env, s.caches...)
}

// caches returns the folders of Go's module and build cache, and where its proxy is.
func caches() ([]string, error) {
	names := []string{"GOMODCACHE", "GOCACHE", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPATH"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	var env []string
	for i, value := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		env = append(env, names[i]+"="+value)
	}
	return env, nil
}

// close ends what still runs, as ^C does, and removes the home.
func (s *session) close() error {
	for _, cmd := range s.groups {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	}
	for end := time.Now().Add(killPatience); time.Now().Before(end) && s.alive(); {
		time.Sleep(100 * time.Millisecond)
	}
	for _, cmd := range s.groups {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	return os.RemoveAll(s.home)
}

// alive reports whether anything still runs.
func (s *session) alive() bool {
	for _, cmd := range s.groups {
		if syscall.Kill(-cmd.Process.Pid, 0) == nil {
			return true
		}
	}
	return false
}

// mistake matches what no block of a page should print.
var mistake = regexp.MustCompile(`(?m)^(Error: |panic: |error: |fatal: )|%!\w\(`)

// run runs a block and returns what it printed.
func (s *session) run(ctx context.Context, b block) (string, error) {
	if b.until != "" {
		return s.background(ctx, b)
	}
	out, err := s.execute(ctx, b.commands, patience)
	switch {
	case b.fails && err == nil:
		return out, errors.New("succeeds, and should show an error")
	case b.fails:
		return out, nil
	case err == nil && mistake.MatchString(out):
		return out, fmt.Errorf("prints %q", mistake.FindString(out))
	}
	return out, err
}

// execute runs commands to their end.
func (s *session) execute(ctx context.Context, commands string, patience time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	log, err := os.CreateTemp(s.home, ".docs-test-log-")
	if err != nil {
		return "", err
	}
	cmd := s.command(ctx, commands)
	cmd.Stdout, cmd.Stderr = log, log // a file: what goes on in the background keeps it, and keeps nobody waiting
	if err := cmd.Start(); err != nil {
		return "", err
	}
	s.groups = append(s.groups, cmd)
	err = cmd.Wait()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("does not end within %s", patience)
	}
	raw, readErr := os.ReadFile(log.Name())
	return strings.TrimSpace(string(raw)), errors.Join(err, readErr, log.Close())
}

// background starts a block and waits until it is ready.
func (s *session) background(ctx context.Context, b block) (string, error) {
	log, err := os.CreateTemp(s.home, ".docs-test-log-")
	if err != nil {
		return "", err
	}
	cmd := s.command(ctx, b.commands)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return "", err
	}
	s.groups = append(s.groups, cmd)
	go func() { _ = cmd.Wait() }()
	for end := time.Now().Add(readyPatience); ; time.Sleep(500 * time.Millisecond) {
		out, err := s.execute(ctx, b.until, readyPatience)
		if err == nil {
			return out, nil
		}
		if time.Now().After(end) || ctx.Err() != nil {
			raw, _ := os.ReadFile(log.Name())
			return string(raw), fmt.Errorf("is not ready after %s: %s: %w", readyPatience, b.until, err)
		}
	}
}
