package compiler

import (
	"path"
	"strings"
	"testing"

	"nselfc/lang"
)

// TestBuildContext holds which contexts Docker would get the secrets with.
func TestBuildContext(t *testing.T) {
	tests := []struct {
		name, context, output, ignored string
		refused                        bool
	}{
		{"nothing left out", ".", "", "", true},
		{"the advice", ".", "", "**/.secrets*\n", false},
		{"the advice below others", ".", "", "# mine\n\nnode_modules\n**/.secrets*\n!README.md\n", false},
		{"the output", ".", "", "/out/\n", false},
		{"all but some", ".", "", "*\n!src\n!package.json\n", false},
		{"all, and the output again", ".", "", "*\n!out\n", true},
		{"undone below", ".", "", "out\n!out/**\n", true},
		{"only the first file", ".", "", "**/.secrets\n", true},
		{"only at the top", ".", "", ".secrets*\n", true},
		{"one environment", ".", "", "out/dev\n", true},
		{"malformed", ".", "", "out\n[\n", true},
		{"a folder of its own", "./api", "", "", false},
		{"around the output", "deploy", "deploy/out", "", true},
		{"around the output, left out", "deploy", "deploy/out", "out\n", false},
		{"the output itself", "out/prod", "", "**/.secrets*\n", false},
		{"below the output", "out/prod/.secrets.d", "", "**/.secrets*\n", true},
		{"another environment's", "out/dev", "", "**\n", true},
		{"output elsewhere", ".", "../elsewhere", "", false},
		{"output with a dot", ".", ".build", ".build\n", false},
		{"output beside the stack", ".", ".", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := shop()
			if b.stack.Environment = "prod"; tt.output != "" {
				b.stack.Outputs = []string{path.Join(tt.output, "prod")}
			}
			s := b.service0("api")
			s.Image = lang.String{}
			s.Build = &lang.Build{Range: b.at(), Context: b.str(tt.context), Ignore: ".dockerignore", Ignored: []byte(tt.ignored)}
			_, diags := Compile(b.stack)
			got := strings.Contains(strings.Join(codes(diags), " "), "error NS349")
			if got != tt.refused {
				t.Errorf("refused is %v: %v", got, codes(diags))
			}
		})
	}
}
