package compiler

import (
	"testing"
	"time"

	composegraph "github.com/compose-spec/compose-go/v2/graph"
	"github.com/compose-spec/compose-go/v2/types"

	"nselfc/compiler/ir"
)

// composeProject gives what compose-go's search for cycles looks at.
func composeProject(services []*ir.Service) *types.Project {
	p := &types.Project{Services: types.Services{}}
	for _, s := range services {
		var c types.ServiceConfig
		c.Name = s.Name
		c.DependsOn = types.DependsOnConfig{}
		for _, d := range s.DependsOn {
			c.DependsOn[d.Service] = types.ServiceDependency{Condition: d.Condition, Required: true}
		}
		p.Services[s.Name] = c
	}
	return p
}

// TestLayersInComposeItself: 48 services in 24 layers of two, for which
// compose-go takes half a minute when every need is written out.
func TestLayersInComposeItself(t *testing.T) {
	b := newBuilder()
	layers(b, 24, 2)
	out, _ := Compile(b.stack)
	start := time.Now()
	if err := composegraph.CheckCycle(composeProject(out.Services)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %s", took)
	}
}

// TestComposeRefusesACycle is the control.
func TestComposeRefusesACycle(t *testing.T) {
	services := []*ir.Service{
		{Name: "a", DependsOn: []ir.Dependency{{Service: "b"}}}, {Name: "b", DependsOn: []ir.Dependency{{Service: "a"}}},
	}
	if composegraph.CheckCycle(composeProject(services)) == nil {
		t.Error("a cycle was accepted")
	}
}
