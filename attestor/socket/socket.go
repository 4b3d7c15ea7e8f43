// Package socket listens on and dials unix sockets whose path may be of any length. The kernel takes about a hundred
// bytes, and the home of a node may lie deeper than that.
package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
)

// longest path that every kernel takes.
const longest = 100

// Listen listens on a path at which there is nothing.
func Listen(ctx context.Context, path string) (net.Listener, error) {
	short, folder, err := shorten(path)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", short)
	if err != nil {
		_ = folder.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return listening{listener, folder}, nil
}

// ErrServed says that another process listens on a path.
var ErrServed = errors.New("another process serves it")

// trying bounds how long a process that listens on a path may take to answer.
const trying = time.Second

// ListenAlone listens on a path for the user of this process alone. A socket that a killed process has left is taken
// away; one on which another process listens is ErrServed.
func ListenAlone(ctx context.Context, path string) (net.Listener, error) {
	asked, cancel := context.WithTimeout(ctx, trying)
	defer cancel()
	if conn, err := Dial(asked, path); err == nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, ErrServed), conn.Close())
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	listener, err := Listen(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// Dial connects with what listens on a path.
func Dial(ctx context.Context, path string) (net.Conn, error) {
	short, folder, err := shorten(path)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", short)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return conn, nil
}

// NewClient returns a gRPC client of what listens on a path. It connects when it is used.
func NewClient(path string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return grpc.NewClient("passthrough:///localhost",
		append(options, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return Dial(ctx, path)
		}))...)
}

// shorten returns a path of a length that the kernel takes to the same place, which leads there while folder is open. A
// nil folder is closed without an error.
func shorten(path string) (short string, folder *handle, err error) {
	if len(path) <= longest {
		return path, nil, nil
	}
	file, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	short = fmt.Sprintf("/proc/self/fd/%d/%s", file.Fd(), filepath.Base(path))
	if _, err := os.Stat(filepath.Dir(short)); err != nil || len(short) > longest {
		_ = file.Close()
		return "", nil, fmt.Errorf(
			"the path of socket %s has %d bytes, and systems take %d: choose a shorter one with --socket, or a home that "+
				"does not lie as deep", path, len(path), longest)
	}
	return short, &handle{file}, nil
}

// handle is an open folder, or nothing.
type handle struct{ file *os.File }

// Close closes the folder.
func (h *handle) Close() error {
	if h == nil {
		return nil
	}
	return h.file.Close()
}

// listening keeps the folder of a socket open.
type listening struct {
	net.Listener
	folder *handle
}

// Close implements net.Listener. It removes the socket.
func (l listening) Close() error {
	err := l.Listener.Close()
	_ = l.folder.Close()
	return err
}
