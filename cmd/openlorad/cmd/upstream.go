package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/engine/upstream"
	"github.com/openledger/openledger/slm/checkpoint"
)

const (
	flagOpenAIURL       = "openai-url"
	flagOpenAIModel     = "openai-model"
	flagOpenAIKey       = "openai-key-env"
	flagUpstream        = "upstream"
	flagUpstreamModel   = "upstream-model"
	flagUpstreamAnswers = "upstream-answers"
	flagPathMap         = "adapter-path-map"
	flagAdapterFolder   = "adapter-folder"
	flagPresets         = "llama-presets"
)

// addUpstreamFlags adds the flags of engines that are model servers.
func addUpstreamFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSlice(flagOpenAIURL, nil, "URL of a model server, such as http://127.0.0.1:8000/v1; repeatable")
	f.StringSlice(flagUpstream, nil, "URL[,KIND] of one more model server; its kind is that of --engine, or KIND; "+
		"repeatable")
	f.String(flagOpenAIModel, "", "name of the base model at the model servers")
	f.String(flagOpenAIKey, "OPENAI_API_KEY", "environment variable that holds the key of the model servers")
	f.StringSlice(flagUpstreamModel, nil, "MODEL=NAME: the model servers were started with the adapter of MODEL, under "+
		"NAME; repeatable")
	f.Int(flagUpstreamAnswers, 0, "answers that one model server makes at the same time; 0 sets no limit for a server")
	f.StringSlice(flagPathMap, nil, "LOCAL=REMOTE: model servers see the folder LOCAL of this machine at REMOTE; "+
		"repeatable")
	f.String(flagAdapterFolder, "", "folder in which vLLM looks for adapters (its VLLM_LORA_RESOLVER_CACHE_DIR)")
	f.String(flagPresets, "", "preset file of a llama-server that runs as a router (its --models-preset)")
}

// newFleet returns an engine of the model servers that the flags name. It checks them, unless the flags say otherwise.
func newFleet(cmd *cobra.Command, kind upstream.Kind, timeout time.Duration, log *slog.Logger) (engine.Engine, error) {
	f := cmd.Flags()
	common, err := upstreamOptions(cmd, kind, timeout)
	if err != nil {
		return nil, err
	}
	urls, _ := f.GetStringSlice(flagOpenAIURL)
	more, _ := f.GetStringSlice(flagUpstream)
	all, err := namedServers(urls, more, kind)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 || common.Model == "" {
		return nil, fmt.Errorf("engine %s needs --%s and --%s", kind, flagOpenAIURL, flagOpenAIModel)
	}
	var servers []*upstream.Server
	for _, named := range all {
		options := common
		options.URL, options.Kind = named.url, named.kind
		server, err := upstream.New(options)
		if err != nil {
			return nil, err
		}
		servers = append(servers, server)
	}
	answers, _ := f.GetInt(flagUpstreamAnswers)
	if answers < 0 {
		return nil, fmt.Errorf("--%s must be 0 or above", flagUpstreamAnswers)
	}
	fleet, err := upstream.NewFleet(servers, upstream.FleetOptions{Answers: answers, Log: log})
	if err != nil {
		return nil, err
	}
	if check, _ := f.GetBool(flagCheck); check {
		ctx, cancel := context.WithTimeout(cmd.Context(), checkTimeout)
		defer cancel()
		if err := fleet.Check(ctx); err != nil {
			err = fmt.Errorf("%w (--%s=false starts without asking)", err, flagCheck)
			return nil, errors.Join(err, fleet.Close())
		}
	}
	return fleet.Engine(), nil
}

// upstreamOptions returns the options that all model servers have in common.
func upstreamOptions(cmd *cobra.Command, kind upstream.Kind, timeout time.Duration) (upstream.Options, error) {
	f := cmd.Flags()
	out := upstream.Options{Kind: kind, Timeout: timeout}
	out.Model, _ = f.GetString(flagOpenAIModel)
	variable, _ := f.GetString(flagOpenAIKey)
	out.Key = os.Getenv(variable)
	out.Folder, _ = f.GetString(flagAdapterFolder)
	out.Presets, _ = f.GetString(flagPresets)
	maps, _ := f.GetStringSlice(flagPathMap)
	var err error
	if out.Paths, err = upstream.ParsePathMap(maps); err != nil {
		return out, fmt.Errorf("--%s: %w", flagPathMap, err)
	}
	names, _ := f.GetStringSlice(flagUpstreamModel)
	for _, entry := range names {
		text, name, ok := strings.Cut(entry, "=")
		id, err := strconv.ParseUint(text, 10, 64)
		if !ok || err != nil || id == 0 || name == "" {
			return out, fmt.Errorf("--%s %q: write MODEL=NAME, such as 5=my-adapter", flagUpstreamModel, entry)
		}
		if out.Names == nil {
			out.Names = make(map[uint64]string)
		}
		out.Names[id] = name
	}
	base, _ := f.GetString(flagBase)
	if out.Base, err = baseConfig(base); err != nil {
		return out, fmt.Errorf("--%s: %w", flagBase, err)
	}
	if opened, err := checkpoint.Open(base); base != "" && err == nil {
		out.Whole = base
		return out, opened.Close()
	}
	return out, nil
}

// baseConfig reads the configuration of a base: from a folder with config.json, which needs no weights, or from a GGUF
// file. It returns nil for an empty path.
func baseConfig(path string) (*checkpoint.Config, error) {
	if path == "" {
		return nil, nil
	}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.IsDir() {
		opened, err := checkpoint.Open(path)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		return &opened.Config, nil
	}
	text, err := os.ReadFile(filepath.Join(path, "config.json"))
	if err != nil {
		return nil, err
	}
	config, err := checkpoint.ParseConfig(text)
	return &config, err
}

type namedServer struct {
	url  string
	kind upstream.Kind
}

// namedServers returns the servers of both flags. The flags were split at commas, so a kind is the element after its
// URL.
func namedServers(urls, more []string, kind upstream.Kind) ([]namedServer, error) {
	var out []namedServer
	for _, url := range urls {
		out = append(out, namedServer{url, kind})
	}
	mayName := false // the next element may be the kind of the URL before
	for _, part := range strings.Split(strings.Join(more, ","), ",") {
		switch part = strings.TrimSpace(part); {
		case part == "":
		case strings.Contains(part, "://"):
			out = append(out, namedServer{part, kind})
			mayName = true
		case mayName && slices.Contains(upstream.Kinds(), upstream.Kind(part)):
			out[len(out)-1].kind = upstream.Kind(part)
			mayName = false
		default:
			return nil, fmt.Errorf("--%s %q: write URL or URL,KIND with one of the kinds %v", flagUpstream, part,
				upstream.Kinds())
		}
	}
	return out, nil
}
