package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/openledger/openledger/attestor/socket"
	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/openlora/adapters"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/engine"
)

const (
	flagAdapters      = "adapters"
	flagAdapterMemory = "adapter-memory"
	flagAdapterBytes  = "adapter-bytes"
	flagAdapterRank   = "adapter-rank"
	flagModelAnswers  = "max-model-answers"
	flagWaiting       = "max-waiting"
	flagFile          = "file"
	flagOff           = "off"

	adaptersFolder  = "adapters"             // in HOME
	artifactsFolder = "adapters/artifacts"   // in HOME
	modelsSocket    = "adapters/models.sock" // in HOME

	adapterPatience = 10 * time.Minute
	mebi            = 1 << 20
)

// addAdapterFlags adds the flags for adapters of the chain.
func addAdapterFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Bool(flagAdapters, true, "serve the adapters that the provider offers on chain, if the engine loads adapters: they "+
		"are fetched by their hashes at the first request")
	f.Int64(flagAdapterMemory, 1024, "memory for adapters, in MiB; the least recently used adapter is removed first")
	f.Int64(flagAdapterBytes, 512, "largest artifact that is fetched, and largest adapter with those that it stands on, "+
		"in MiB")
	f.Int(flagAdapterRank, 128, "highest rank of an adapter together with those that it stands on")
}

// openShelf returns the shelf that serves adapters and the store of artifacts. The shelf is nil if the engine loads no
// adapters, or if the flags say so.
func openShelf(cmd *cobra.Command, home string, node *chain.Client, provider string, chosen engine.Engine,
	text *content.Store, log *slog.Logger) (*adapters.Shelf, *artifact.Store, error) {
	f := cmd.Flags()
	store, err := artifact.Open(filepath.Join(home, artifactsFolder))
	if err != nil {
		return nil, nil, err
	}
	host, loads := chosen.(engine.Host)
	if on, _ := f.GetBool(flagAdapters); !on || !loads {
		return nil, store, nil
	}
	memory, _ := f.GetInt64(flagAdapterMemory)
	most, _ := f.GetInt64(flagAdapterBytes)
	rank, _ := f.GetInt(flagAdapterRank)
	if memory <= 0 || most <= 0 || rank <= 0 {
		return nil, nil, fmt.Errorf("--%s, --%s and --%s must be above 0: --%s=false serves no adapters", flagAdapterMemory,
			flagAdapterBytes, flagAdapterRank, flagAdapters)
	}
	private, _ := f.GetBool(flagPrivate)
	_, embedded := chosen.(*engine.Embedded)
	shelf, err := adapters.New(adapters.Config{
		Models: node.Models, Host: host, Provider: provider, Store: store, Content: text,
		Fetch: fetch.New(adapters.FetchLimits(private)), Folder: filepath.Join(home, adaptersFolder),
		Memory: memory * mebi, MaxBytes: most * mebi, MaxRank: rank, Folders: !embedded, Patience: adapterPatience, Log: log,
	})
	return shelf, store, err
}

// serveOperator serves the commands of `openlorad models` until ctx ends, on a socket that only the user of the process
// can open.
func serveOperator(ctx context.Context, home string, shelf *adapters.Shelf, log *slog.Logger) error {
	path := filepath.Join(home, modelsSocket)
	listener, err := socket.ListenAlone(ctx, path)
	if errors.Is(err, socket.ErrServed) {
		return fmt.Errorf("another gateway serves %s", path)
	}
	if err != nil {
		return err
	}
	server := &http.Server{Handler: shelf.Operate(), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); ctx.Err() == nil {
		log.Error("`openlorad models` cannot reach this gateway any more", "err", err)
	}
	return nil
}

func modelsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "models",
		Short: "See and choose the adapters that the running gateway serves",
		Long: `See and choose the adapters that the gateway of this home serves. The gateway must be running.

A gateway whose engine loads adapters serves the adapters that its provider offers on chain without further
commands. These commands load an adapter before somebody asks for it, keep it in memory, or stop serving it here.`,
		Example: `openlorad models list
openlorad models add 7
openlorad models add 7 --file adapter.safetensors --file influence.bin
openlorad models pin 7
openlorad models pin 7 --off
openlorad models remove 7`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	list := &cobra.Command{
		Use: "list", Short: "List the adapters that are served, and the memory that they use",
		Example: "openlorad models list --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return listModels(cmd) },
	}
	list.Flags().Bool(flagJSON, false, "print JSON")
	add := operation("add", "Serve a model's adapter from now on, and load it now",
		"openlorad models add 7 --file adapter.safetensors")
	add.Flags().StringSlice(flagFile, nil, "file of the artifact, or its influence file, if it cannot be fetched; "+
		"repeatable")
	pin := operation("pin", "Keep a model's adapter in memory, also after a restart", "openlorad models pin 7 --off")
	pin.Flags().Bool(flagOff, false, "unpin: the adapter may be removed from memory again")
	cmd.AddCommand(list, add, pin,
		operation("remove", "Stop serving a model's adapter here, until it is added again", "openlorad models remove 7"))
	return cmd
}

// operation returns a command that changes one model.
func operation(name, short, example string) *cobra.Command {
	return &cobra.Command{
		Use: name + " MODEL", Short: short, Example: example, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseUint(args[0], 10, 64)
			if err != nil || id == 0 {
				return fmt.Errorf("%q is no model: give its number on chain", args[0])
			}
			home, _ := cmd.Flags().GetString(flagHome)
			paths, _ := cmd.Flags().GetStringSlice(flagFile)
			for _, path := range paths {
				store, err := artifact.Open(filepath.Join(home, artifactsFolder))
				if err != nil {
					return err
				}
				digest, size, err := store.PutFile(cmd.Context(), path, 1<<40)
				if err != nil {
					return err
				}
				cmd.PrintErrf("%s: %d bytes, SHA-256 %x\n", path, size, digest)
			}
			what := name
			if off, _ := cmd.Flags().GetBool(flagOff); off {
				what = "unpin"
			}
			var row adapters.Row
			return operate(cmd, http.MethodPost, fmt.Sprintf("/adapters/%d/%s", id, what), &row)
		},
	}
}

// operate sends a request to the gateway of this home.
func operate(cmd *cobra.Command, method, path string, into any) error {
	home, _ := cmd.Flags().GetString(flagHome)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return socket.Dial(ctx, filepath.Join(home, modelsSocket))
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial}}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(cmd.Context(), method, "http://gateway"+path, http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("no gateway runs on %s that serves adapters (start `openlorad serve` with an engine that loads "+
			"them, or name its home with --%s): %w", home, flagHome, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64*mebi))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		var row adapters.Row
		if json.Unmarshal(body, &row) != nil || row.Error == "" {
			return fmt.Errorf("the gateway answers %s", response.Status)
		}
		return fmt.Errorf("%s%s", row.Error, code(row.Code))
	}
	return json.Unmarshal(body, into)
}

func code(code string) string {
	if code == "" {
		return ""
	}
	return " (" + code + ")"
}

func listModels(cmd *cobra.Command) error {
	var listing adapters.Listing
	if err := operate(cmd, http.MethodGet, "/adapters", &listing); err != nil {
		return err
	}
	if asJSON, _ := cmd.Flags().GetBool(flagJSON); asJSON {
		encoder := json.NewEncoder(cmd.OutOrStdout())
		encoder.SetIndent("", "  ")
		return encoder.Encode(listing)
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MODEL\tVERSION\tSTATE\tRANK\tKB\tIN USE\tPINNED\tNAME")
	for _, row := range listing.Rows {
		pinned := ""
		if row.Pinned {
			pinned = "yes"
		}
		fmt.Fprintf(table, "%d\t%d\t%s\t%d\t%d\t%d\t%s\t%s\n", row.Model, row.Version, cmp.Or(row.Code, row.State), row.Rank,
			row.Bytes/1000, row.InUse, pinned, row.Name)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	cmd.PrintErrf("%d of %d MiB in use\n", listing.Used/mebi, listing.Memory/mebi)
	return nil
}
