package stacktest

import (
	"encoding/json"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"gopkg.in/yaml.v3"

	"nselfc/internal/build"
	"nselfc/lang"
	"nselfc/lang/diag"
)

// The names that only a test sees.
const (
	artefactsName = "artefacts" // the text of every committed file, by path
	composeName   = "compose"   // docker-compose.yml, decoded
	composeFile   = "docker-compose.yml"
)

// artefacts adds what a test sees besides the model, as far as it looks at it. Files
// that hold secrets are not among them: they are not in the output.
func (c *compiled) artefacts(t *lang.Test, model map[string]cty.Value) diag.List {
	texts := map[string]cty.Value{}
	if t.Asserts(artefactsName) {
		for _, f := range c.Environment.Files {
			if text, ok := f.Text.Plain(); ok {
				texts[f.Path] = cty.StringVal(text)
			}
		}
	}
	model[artefactsName] = cty.ObjectVal(texts)
	model[composeName] = cty.EmptyObjectVal
	if !t.Asserts(composeName) {
		return nil
	}
	if c.compose == nil {
		v, err := decoded(c.Environment)
		if err != nil {
			return diag.List{diag.Errorf("NS900", t.Range, "Output that cannot be read back",
				"docker-compose.yml is no YAML: %v. This is a bug in nselfc: please report it.", err)}
		}
		c.compose = &v
	}
	model[composeName] = *c.compose
	return nil
}

// decoded reads the emitted docker-compose.yml.
func decoded(e *build.Environment) (cty.Value, error) {
	f := e.File(composeFile)
	if f == nil {
		return cty.EmptyObjectVal, nil
	}
	text, _ := f.Text.Plain()
	var tree any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		return cty.NilVal, err
	}
	b, err := json.Marshal(tree)
	if err != nil {
		return cty.NilVal, err
	}
	ty, err := ctyjson.ImpliedType(b)
	if err != nil {
		return cty.NilVal, err
	}
	return ctyjson.Unmarshal(b, ty)
}
