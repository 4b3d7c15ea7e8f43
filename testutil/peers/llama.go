package peers

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Backend returns the variant of llama.cpp's CPU code that is the fastest here.
func Backend(t testing.TB) string {
	t.Helper()
	flags, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Skipf("SKIPPED, nothing was tested: %v", err)
	}
	variant := "x64"
	switch {
	case bytes.Contains(flags, []byte("avx512_bf16")):
		variant = "zen4"
	case bytes.Contains(flags, []byte("avx512_vnni")):
		variant = "icelake"
	case bytes.Contains(flags, []byte("avx2")):
		variant = "haswell"
	}
	return filepath.Join(Root(t), "usr/lib/x86_64-linux-gnu/ggml/backends0/libggml-cpu-"+variant+".so")
}

// Llama starts a llama-server and returns its address and process. It ends with the test.
func Llama(t testing.TB, args ...string) (address string, process int) {
	t.Helper()
	address, cmd := llama(t, args)
	return address, cmd.Process.Pid
}

// StopLlama stops a llama-server of Llama before the test ends: what is killed.
func StopLlama(t testing.TB, process int) {
	t.Helper()
	if err := syscall.Kill(process, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func llama(t testing.TB, args []string) (string, *exec.Cmd) {
	t.Helper()
	address := free(t)
	host, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(relocated(t, "usr/bin/llama-server"),
		append([]string{"--host", host, "--port", port, "--threads", "2"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var log bytes.Buffer
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+libraries(Root(t)), "GGML_BACKEND_PATH="+Backend(t),
		"HOME="+t.TempDir())
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // a router ends its processes
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	for range 600 {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("llama-server ended: %v\n%s", err, log.String())
		case <-time.After(50 * time.Millisecond):
		}
		response, err := http.Get("http://" + address + "/health")
		if err != nil {
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return address, cmd
		}
	}
	t.Fatalf("llama-server does not answer\n%s", log.String())
	return "", nil
}

func free(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// relocated copies a program so that it can be started, and can start itself, as a program of its own: it names the
// peers' loader instead of the machine's.
func relocated(t testing.TB, program string) string {
	t.Helper()
	root := Root(t)
	content, err := os.ReadFile(filepath.Join(root, program))
	if err != nil {
		t.Skipf("SKIPPED, nothing was tested: %v", err)
	}
	if err := setLoader(&content, loader(root)); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), filepath.Base(program))
	if err := os.WriteFile(copied, content, 0o700); err != nil {
		t.Fatal(err)
	}
	return copied
}

// setLoader appends the name of a loader to a 64-bit program, and has its header point there.
func setLoader(program *[]byte, loader string) error {
	file, err := elf.NewFile(bytes.NewReader(*program))
	if err != nil {
		return err
	}
	const offset, size, inMemory = 8, 32, 40 // in a header of a segment
	headers := binary.LittleEndian.Uint64((*program)[32:])
	each := binary.LittleEndian.Uint16((*program)[54:])
	for i, segment := range file.Progs {
		if segment.Type != elf.PT_INTERP {
			continue
		}
		header := (*program)[headers+uint64(i)*uint64(each):]
		binary.LittleEndian.PutUint64(header[offset:], uint64(len(*program)))
		binary.LittleEndian.PutUint64(header[size:], uint64(len(loader)+1))
		binary.LittleEndian.PutUint64(header[inMemory:], uint64(len(loader)+1))
		*program = append(append(*program, loader...), 0)
		return nil
	}
	return nil
}
