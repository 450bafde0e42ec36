package compose_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/schema"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/emit/compose"
	"nselfc/lang/secret"
)

func TestCheckAccepts(t *testing.T) {
	for _, stack := range []*ir.Stack{rich(), many(50), {Name: at("s", 1), Project: "s"}} {
		for _, limit := range []int{1 << 30, 200} {
			files, _ := compose.RenderLimit(stack, compose.Options{}, limit)
			if diags := compose.Check(stack, files); len(diags) != 0 {
				t.Errorf("%s, limit %d: %s", stack.Project, limit, diags[0].Detail)
			}
		}
	}
}

// TestCheckRefuses is the known-bad control: each change makes a file that
// Compose refuses, far from the first service of its shape.
func TestCheckRefuses(t *testing.T) {
	stack := many(40)
	good := text(render(t, stack))
	for _, tc := range []struct {
		name, old, new string
		line           int32 // where the diagnostic points
	}{
		{"an unknown key", "    init: true\n", "    innit: true\n", 10},
		{"an unknown nested key", "      retries: 3\n", "      retrys: 3\n", 10},
		{"a key of another place", "    read_only: true\n    security", "    internal: true\n    security", 10},
		{"a wrong type", "      retries: 3\n", "      retries:\n        - 3\n", 10},
		{"a wrong type of scalar", "    init: true\n", "    init: 1\n", 10},
		{"a null", "    user: '10001:10001'\n", "    user:\n", 10},
		{"an unknown word", "condition: service_healthy", "condition: service_well", 10},
		{"an unknown mount", "type: bind", "type: band", 10},
		{"a service without a colon", "  svc-0039:\n", "  svc-0039\n", 1},
		{"a bad name", "  svc-0039:\n", "  'svc 0039':\n", 1},
		{"a service twice", "  svc-0039:\n", "  svc-0038:\n", 10},
		{"a key twice", "    init: true\n", "    init: true\n    init: true\n", 10},
		{"a variable twice", "      DEBUG: 'off'\n", "      DEBUG: 'off'\n      DEBUG: 'off'\n", 10},
		{"a variable without quotes", "      DEBUG: 'off'\n", "      DEBUG: a: b\n", 10},
		{"an open quote", "      DEBUG: 'off'\n", "      DEBUG: 'off\n", 10},
		{"an open double quote", "      DEBUG: 'off'\n", "      DEBUG: \"off\n", 10},
		{"a bad escape", "      DEBUG: 'off'\n", "      DEBUG: \"\\q\"\n", 10},
		{"a tab", "      DEBUG: 'off'\n", "\tDEBUG: 'off'\n", 1},
		{"an item twice", "      - '8080'\n", "      - '8080'\n      - '8080'\n", 10},
		{"an alias that is no text", "          - api.internal\n", "          - 12\n", 10},
		{"a wrong indentation", "      interval: 10s\n", "     interval: 10s\n", 10},
		{"a network with a port", "    internal: true\n", "    ports: true\n", 30},
		{"a secret that is a list", "    file: ./", "    - ./", 1},
		{"a project that is a number", "name: big\n", "name: 1\n", 1},
		{"a section twice", "secrets:\n", "volumes:\n  a: {}\nvolumes:\n  b: {}\nsecrets:\n", 1},
		{"an empty section", "secrets:\n", "volumes:\nsecrets:\n", 1},
		{"an unknown section", "secrets:\n", "secret:\n", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			i := strings.LastIndex(good, tc.old)
			if i < 0 {
				t.Fatalf("%q is not in the file", tc.old)
			}
			bad := good[:i] + tc.new + good[i+len(tc.old):]
			if judge(bad) == nil {
				t.Fatal("the control is not bad")
			}
			diags := compose.Check(stack, []emit.File{{Path: "docker-compose.yml", Text: secret.Literal(bad)}})
			if len(diags) == 0 || diags[0].Code != "NS900" {
				t.Fatalf("got %v", codes(diags))
			}
			if got := diags[0].Subject.Start.Line; got != tc.line {
				t.Errorf("points at line %d: %s", got, diags[0].Detail)
			}
		})
	}
}

// TestCheckIsSound damages files at random: whatever the YAML reader and the
// schema refuse when they see the whole file, Check must refuse.
func TestCheckIsSound(t *testing.T) {
	stack := &ir.Stack{Name: at("s", 1), Project: "s"}
	for _, s := range []*ir.Stack{rich(), many(5)} {
		stack.Services = append(stack.Services, s.Services...)
		stack.Networks = append(stack.Networks, s.Networks...)
		stack.Volumes = append(stack.Volumes, s.Volumes...)
	}
	stack.Networks = stack.Networks[:len(stack.Networks)-1] // main stands in both
	good := strings.Split(text(render(t, stack)), "\n")
	refused := 0
	rapid.Check(t, func(rt *rapid.T) {
		lines := slices.Clone(good)
		for range rapid.IntRange(1, 3).Draw(rt, "damages") {
			i := rapid.IntRange(0, len(lines)-1).Draw(rt, "line")
			line := lines[i]
			switch rapid.IntRange(0, 7).Draw(rt, "damage") {
			case 0:
				lines = slices.Delete(lines, i, i+1)
			case 1:
				lines = slices.Insert(lines, i, line)
			case 2:
				j := rapid.IntRange(0, len(lines)-1).Draw(rt, "other")
				lines[i], lines[j] = lines[j], line
			case 3:
				lines[i] = " " + line
			case 4:
				lines[i] = strings.TrimPrefix(line, "  ")
			case 5:
				at := rapid.IntRange(0, len(line)).Draw(rt, "at")
				lines[i] = line[:at] + rapid.StringOfN(rapid.RuneFrom([]rune("ab1 :-'\"#{}[]&*!|>%@\t$")), 1, 2, -1).Draw(rt, "text") + line[at:]
			case 6:
				at := rapid.IntRange(0, len(line)).Draw(rt, "at")
				lines[i] = line[:at]
			case 7:
				lines[i] = strings.Replace(line, ": ", ": "+rapid.SampledFrom([]string{"1 ", "true #", "null #", "[] #", "~ #", "|\n  ", "- ", "!!int "}).Draw(rt, "value"), 1)
			}
		}
		bad := strings.Join(lines, "\n")
		err := judge(bad)
		if err == nil {
			return
		}
		refused++
		if diags := compose.Check(stack, []emit.File{{Path: "docker-compose.yml", Text: secret.Literal(bad)}}); len(diags) == 0 {
			rt.Fatalf("Check accepts what the schema refuses: %v\n%s", err, bad)
		}
	})
	if refused == 0 {
		t.Error("no damage was refused: the test proves nothing")
	}
}

// judge is the schema's verdict on a whole file.
func judge(file string) error {
	var model map[string]any
	if err := yaml.Unmarshal([]byte(file), &model); err != nil {
		return err
	}
	return schema.Validate(model)
}

// TestSchemaRelatesNoKeys holds what Check takes for granted: a service is
// valid when each of its keys is, the kinds of entries relate no keys either,
// and values matter only under the keys of `listed`. It fails when compose-go's
// schema learns a new way to judge.
func TestSchemaRelatesNoKeys(t *testing.T) {
	defs := schemaDefs(t)
	allowed := map[string][]string{
		"service":        {"allOf", "description", "properties", "type", "unevaluatedProperties"},
		"container_spec": {"description", "patternProperties", "properties", "type"},
		"workload_spec":  {"description", "patternProperties", "properties", "type"},
	}
	for name, want := range allowed {
		var def map[string]json.RawMessage
		if err := json.Unmarshal(defs[name], &def); err != nil {
			t.Fatal(err)
		}
		for keyword := range def {
			if !slices.Contains(want, keyword) {
				t.Errorf("%s is judged by %s, which Check does not know", name, keyword)
			}
		}
	}
	// The places in which the emitter writes and in which a value matters.
	got := valueRules(t, defs)
	want := []string{
		"depends_on/condition enum", "volumes/type enum",
	}
	if !slices.Equal(got, want) {
		t.Errorf("values matter at %v, and Check knows of %v", got, want)
	}
}

// valueRules walks through the schema of what the emitter writes and lists
// where it looks at values: enum, pattern, minimum and the like.
func valueRules(t *testing.T, defs map[string]json.RawMessage) []string {
	t.Helper()
	written := map[string]string{}
	for _, key := range []string{
		"build", "cap_add", "cap_drop", "command", "depends_on", "deploy", "entrypoint", "env_file", "environment", "expose",
		"healthcheck", "image", "init", "labels", "logging", "memswap_limit", "network_mode", "networks", "ports", "read_only",
		"restart", "secrets", "security_opt", "stop_grace_period", "tmpfs", "user", "volumes",
	} {
		written[key] = ""
	}
	// Keys below those that the emitter never writes.
	unwritten := []string{"update_config", "rollback_config", "bind/recursive", "bind/selinux", "volumes/tmpfs"}
	var out []string
	var walk func(path string, v any)
	walk = func(path string, v any) {
		node, ok := v.(map[string]any)
		if !ok {
			return
		}
		for _, u := range unwritten {
			if strings.HasSuffix(path, u) {
				return
			}
		}
		for keyword, sub := range node {
			switch keyword {
			case "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "const", "format", "multipleOf", "not", "if", "dependentRequired":
				out = append(out, strings.TrimPrefix(path, "/")+" "+keyword)
			case "$ref":
				var def any
				if err := json.Unmarshal(defs[strings.TrimPrefix(sub.(string), "#/$defs/")], &def); err != nil {
					t.Fatal(err)
				}
				walk(path, def)
			case "properties":
				for name, p := range sub.(map[string]any) {
					walk(path+"/"+name, p)
				}
			case "patternProperties":
				for name, p := range sub.(map[string]any) {
					if name != "^x-" {
						walk(path, p)
					}
				}
			case "items":
				walk(path, sub)
			case "oneOf", "anyOf", "allOf":
				for _, p := range sub.([]any) {
					walk(path, p)
				}
			}
		}
	}
	for _, name := range []string{"container_spec", "workload_spec", "service"} {
		var def struct{ Properties map[string]any }
		if err := json.Unmarshal(defs[name], &def); err != nil {
			t.Fatal(err)
		}
		for key, p := range def.Properties {
			if _, ok := written[key]; ok {
				walk("/"+key, p)
			}
		}
	}
	for _, name := range []string{"network", "volume", "secret"} {
		var def any
		if err := json.Unmarshal(defs[name], &def); err != nil {
			t.Fatal(err)
		}
		walk("/"+name, def)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func BenchmarkCheck1000(b *testing.B) {
	stack := many(1000)
	files, _ := compose.Render(stack, compose.Options{})
	if err := compose.Prepare(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if diags := compose.Check(stack, files); len(diags) != 0 {
			b.Fatal(diags[0].Detail)
		}
	}
}
