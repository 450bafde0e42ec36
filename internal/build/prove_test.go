package build

import (
	"context"
	"strings"
	"testing"

	"nselfc/lang/diag"
	"nselfc/lang/secret"
)

// TestBrokenEmitterIsCaught takes a line out of what the emitter wrote, as a fault of
// it would: the finding names the rule, the file and the line, and points at the block
// that the line comes from.
func TestBrokenEmitterIsCaught(t *testing.T) {
	for trace, block := range map[bool]string{false: "stack ", true: "service "} {
		c, diags := Compile(context.Background(), "../../examples/minimal", Options{Trace: trace})
		if diags.HasErrors() || len(c.Environments) == 0 {
			t.Fatal(diags)
		}
		e := c.Environments[0]
		if found := e.prove(); len(found) > 0 {
			t.Fatal(found)
		}
		f := &e.Files[0]
		before := f.Text.String()
		i := strings.LastIndex(before, "      - ALL\n")
		if f.Path != "docker-compose.yml" || i < 0 {
			t.Fatalf("%s:\n%s", f.Path, before)
		}
		f.Text = secret.Literal(before[:i] + "      - NET_RAW\n" + before[i+len("      - ALL\n"):])
		found := e.prove()
		if len(found) != 1 || found[0].Code != "NS902" || found[0].Severity != diag.Error {
			t.Fatalf("%+v", found)
		}
		d := found[0]
		for _, want := range []string{"docker-compose.yml:", "NS1010", diag.Title("NS1010"), "[NET_RAW]"} {
			if !strings.Contains(d.Detail, want) {
				t.Errorf("%q does not hold %q", d.Detail, want)
			}
		}
		if line := strings.Split(string(c.Files()[d.Subject.File].Bytes), "\n")[d.Subject.Start.Line-1]; !strings.HasPrefix(line, block) {
			t.Errorf("trace %v: it points at %q", trace, line)
		}
	}
}
