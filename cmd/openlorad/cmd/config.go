package cmd

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const (
	configName = "openlora.toml"
	envPrefix  = "OPENLORA_"
)

// sections are the sections of the configuration, each with the flags of the command of its name. Settings before the
// first section apply to all commands.
var sections = []string{"serve", "ask", "connect", "session", "earnings"}

// shared are the flags that several commands have. eachRun are the flags that are given anew in each run.
var (
	shared  = []string{flagNode, flagFrom, flagBackend, flagKeys}
	eachRun = []string{"help", flagHome, flagJSON, flagFile, flagOff, flagNoColor, flagSession, flagNew, flagBefore,
		flagAll, flagCSV, flagRebuild}
)

// runOnly marks a flag of a subcommand that has the name of a setting, but is not a setting: it is given anew in each
// run.
const runOnly = "openlorad/run-only"

// configurable reports whether a flag is a setting.
func configurable(flag *pflag.Flag) bool {
	_, given := flag.Annotations[runOnly]
	return !given && !slices.Contains(eachRun, flag.Name)
}

func configPath(cmd *cobra.Command) string {
	home, _ := cmd.Flags().GetString(flagHome)
	return filepath.Join(home, configName)
}

// settings are the keys of a configuration, such as from or serve.listen, with their values.
type settings map[string]any

func readSettings(cmd *cobra.Command) (settings, error) {
	path := configPath(cmd)
	file, err := readTOML(path)
	if err != nil || file == nil {
		return nil, err
	}
	out := make(settings)
	known := keys(cmd.Root())
	for _, key := range file.AllKeys() {
		if _, ok := known[key]; !ok {
			return nil, fmt.Errorf("%s: there is no setting %q: `openlorad config` lists them", path, key)
		}
		out[key] = file.Get(key)
	}
	return out, nil
}

// section returns the section that a command reads: for "session close" it is session.
func section(cmd *cobra.Command) string {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	return cmd.Name()
}

// setting is a flag that can be configured.
type setting struct {
	section string // "" for all
	flag    *pflag.Flag
}

func (s setting) key() string {
	if s.section == "" {
		return s.flag.Name
	}
	return s.section + "." + s.flag.Name
}

// keys returns all settings by their keys.
func keys(root *cobra.Command) map[string]setting {
	all := make(map[string]setting)
	var collect func(cmd *cobra.Command)
	collect = func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
			if !configurable(flag) {
				return
			}
			for _, s := range []setting{{section(cmd), flag}, {"", flag}} {
				if s.section != "" || slices.Contains(shared, flag.Name) {
					all[s.key()] = s
				}
			}
		})
		for _, child := range cmd.Commands() {
			collect(child)
		}
	}
	for _, name := range sections {
		if cmd, _, err := root.Find([]string{name}); err == nil {
			collect(cmd)
		}
	}
	return all
}

// applyConfig sets the flags that the command line leaves out: from the environment, else from the file.
func applyConfig(cmd *cobra.Command) error {
	if !slices.Contains(sections, section(cmd)) {
		return nil
	}
	stored, err := readSettings(cmd)
	if err != nil {
		return err
	}
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if err != nil || flag.Changed || !configurable(flag) {
			return
		}
		if value, ok := os.LookupEnv(envName(flag)); ok {
			if err = set(cmd, flag, value); err != nil {
				err = fmt.Errorf("%s: %w", envName(flag), err)
			}
			return
		}
		for _, key := range []string{section(cmd) + "." + flag.Name, flag.Name} {
			if value, ok := stored[key]; ok {
				if err = set(cmd, flag, value); err != nil {
					err = fmt.Errorf("%s: %s: %w", configPath(cmd), key, err)
				}
				return
			}
		}
	})
	return err
}

func envName(flag *pflag.Flag) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
}

func set(cmd *cobra.Command, flag *pflag.Flag, value any) error {
	list, several := value.([]any)
	if !several {
		return cmd.Flags().Set(flag.Name, fmt.Sprint(value))
	}
	into, ok := flag.Value.(pflag.SliceValue)
	if !ok {
		return fmt.Errorf("one value is wanted, not a list")
	}
	texts := make([]string, len(list))
	for i, element := range list {
		texts[i] = fmt.Sprint(element)
	}
	flag.Changed = true
	return into.Replace(texts)
}

func initCmd() *cobra.Command {
	return &cobra.Command{
		Use: "init", Short: "Write HOME/" + configName + " with all settings, their defaults and what they mean",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path := configPath(cmd)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return err
			}
			file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if os.IsExist(err) {
				return fmt.Errorf("%s is there already: `openlorad config` shows what it sets", path)
			}
			if err != nil {
				return err
			}
			if _, err := file.WriteString(annotated(cmd.Root(), nil)); err != nil {
				return err
			}
			if err := file.Close(); err != nil {
				return err
			}
			cmd.Println(path)
			return nil
		},
	}
}

func configCmd() *cobra.Command {
	return &cobra.Command{
		Use: "config", Short: "Print all settings: what HOME/" + configName + " sets, and the defaults of the rest",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			stored, err := readSettings(cmd)
			if err != nil {
				return err
			}
			cmd.Print(annotated(cmd.Root(), stored))
			return nil
		},
	}
}

// annotated returns the text of a configuration file. Settings that are not set are commented out, so that they follow
// the defaults of newer versions.
func annotated(root *cobra.Command, stored settings) string {
	var out strings.Builder
	out.WriteString(
		"# Settings of openlorad. A flag wins over the environment (OPENLORA_LISTEN for --listen), that over this file.\n" +
			"# What goes for all commands:\n")
	all := keys(root)
	for _, name := range append([]string{""}, sections...) {
		if name != "" {
			fmt.Fprintf(&out, "\n[%s]\n", name)
		}
		for _, key := range slices.Sorted(maps.Keys(all)) {
			s := all[key]
			if s.section != name || name != "" && slices.Contains(shared, s.flag.Name) && stored[key] == nil {
				continue
			}
			fmt.Fprintf(&out, "\n# %s\n", s.flag.Usage)
			if value, ok := stored[key]; ok {
				fmt.Fprintf(&out, "%s = %s\n", s.flag.Name, literal(value))
			} else {
				fmt.Fprintf(&out, "# %s = %s\n", s.flag.Name, defaultOf(s.flag))
			}
		}
	}
	return out.String()
}

func literal(value any) string {
	switch value := value.(type) {
	case string:
		return quoted(value)
	case []any:
		texts := make([]string, len(value))
		for i, element := range value {
			texts[i] = literal(element)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	}
	return fmt.Sprint(value)
}

// quoted is a text as a basic string of TOML, which knows fewer escapes than Go.
func quoted(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out.WriteString(`\` + string(r))
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
	return out.String()
}

func defaultOf(flag *pflag.Flag) string {
	switch kind := flag.Value.Type(); {
	case strings.HasSuffix(kind, "Slice"):
		inner := strings.Trim(flag.DefValue, "[]")
		if inner != "" && kind == "stringSlice" {
			inner = fmt.Sprintf("%q", inner)
		}
		return "[" + inner + "]"
	case kind == "bool" || strings.HasPrefix(kind, "int") || strings.HasPrefix(kind, "uint") ||
		strings.HasPrefix(kind, "float"):
		return flag.DefValue
	}
	return fmt.Sprintf("%q", flag.DefValue)
}
