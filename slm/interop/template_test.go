//go:build interop

package interop

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openledger/openledger/slm/template"
)

// conversations are what is rendered with every template. Some are refused by some.
var conversations = []string{
	`[{"role":"user","content":"Hi"}]`,
	`[{"role":"system","content":"  Be brief. "},{"role":"user","content":" What's <b>2 & 2</b>?\n"},
	{"role":"assistant","content":" 4 "},{"role":"user","content":"日本語 😀 \"quoted\" {{ x }} {% y %}"}]`,
	`[{"role":"user","content":"a"},{"role":"user","content":"b"}]`,
	`[{"role":"user","content":"<|im_end|></s>[/INST]<|eot_id|>"},
	{"role":"assistant","content":"<think>\nhm\n</think>\n\nno"}]`,
	`[{"role":"user","content":"weather?"},
	{"role":"assistant","content":"","tool_calls":[{"id":"abcdefghi","type":"function","function":
	{"name":"weather","arguments":{"city":"Zürich","days":[1,2.5,null,true],"z":1e30,"a":-0.0}}}]},
	{"role":"tool","tool_call_id":"abcdefghi","content":"{\"t\": 3}"},{"role":"assistant","content":"3 °C"},
	{"role":"user","content":"thanks"}]`,
	`[{"role":"user","content":"x"},{"role":"assistant","content":null,"reasoning_content":"why","tool_calls":[
	{"id":"123456789","function":{"name":"f","arguments":{}}},
	{"id":"223456789","function":{"name":"g","arguments":{"q":""}}}]},
	{"role":"tool","tool_call_id":"123456789","content":"one"},
	{"role":"tool","tool_call_id":"223456789","content":"two"}]`,
	`[{"role":"system","content":""}]`, `[{"role":"moderator","content":"x"}]`,
}

const tools = `[{"type":"function","function":{"name":"weather",
	"description":"Says how the \"weather\" is <now> & later.","parameters":{"type":"object","properties":
	{"city":{"type":"string","description":"é"},"days":{"type":"array","items":{"type":"integer"}}},
	"required":["city"]},"return":{"type":"number"}}},
	{"type":"function","function":{"name":"f","parameters":{}}}]`

func TestTemplates(t *testing.T) {
	files, err := filepath.Glob("../template/testdata/*.jinja")
	if err != nil || len(files) == 0 {
		t.Fatalf("no templates (%v)", err)
	}
	type job struct {
		name      string
		Template  string                     `json:"template"`
		Messages  json.RawMessage            `json:"messages"`
		Tools     json.RawMessage            `json:"tools"`
		Generate  bool                       `json:"generate"`
		Variables map[string]json.RawMessage `json:"variables"`
	}
	var jobs []job
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, messages := range conversations {
			for variant := range 4 {
				j := job{
					name: filepath.Base(file), Template: string(source), Messages: json.RawMessage(messages),
					Generate: variant&1 == 1, Variables: map[string]json.RawMessage{}, Tools: json.RawMessage("null"),
				}
				if variant&2 == 2 {
					j.Tools = json.RawMessage(tools)
					j.Variables["enable_thinking"] = json.RawMessage("false")
				}
				jobs = append(jobs, j)
			}
		}
	}
	var rendered []struct{ Text, Error string }
	python(t, "templates", map[string]any{"jobs": jobs}, &rendered)
	now := time.Date(2026, 11, 30, 12, 34, 56, 0, time.UTC)
	count, refused := map[string]int{}, 0
	for i, j := range jobs {
		parsed, err := template.Parse(j.Template)
		if err != nil {
			t.Fatalf("%s: %v", j.name, err)
		}
		input := template.Input{
			Messages: j.Messages, Variables: j.Variables, BOS: "<s>", EOS: "</s>", AddGenerationPrompt: j.Generate, Now: now,
		}
		if string(j.Tools) != "null" {
			input.Tools = j.Tools
		}
		parts, err := parsed.Render(context.Background(), input)
		var got strings.Builder
		for _, part := range parts {
			got.WriteString(part.Text)
		}
		switch want := rendered[i]; {
		case (err != nil) != (want.Error != ""):
			t.Errorf("%s of %.60s: error %v; transformers: %.200q", j.name, j.Messages, err, want.Error)
		case err == nil && got.String() != want.Text:
			t.Errorf("%s of %.60s:\n%q\nwant\n%q", j.name, j.Messages, got.String(), want.Text)
		case err != nil:
			refused++
		}
		count[j.name]++
	}
	t.Logf("renderings by template: %v; refused by both: %d", count, refused)
}
