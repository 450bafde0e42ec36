package review

import (
	"net/netip"
	"testing"

	"nselfc/compiler/model"
)

func TestTaken(t *testing.T) {
	var old []subnet
	for _, s := range []struct{ network, prefix string }{
		{"a", "10.0.0.0/28"}, {"b", "10.0.0.16/28"}, {"c", "10.0.0.64/26"}, {"d", "10.0.1.0/28"},
	} {
		old = append(old, subnet{s.network, netip.MustParsePrefix(s.prefix)})
	}
	for _, tc := range []struct{ network, wanted, want string }{
		{"new", "10.0.0.0/28", "a"},
		{"a", "10.0.0.0/28", ""}, // its own
		{"a", "10.0.0.0/26", "b"},
		{"b", "10.0.0.0/27", "a"},
		{"new", "10.0.0.80/28", "c"}, // within it
		{"c", "10.0.0.80/28", ""},
		{"c", "10.0.0.0/24", "a"},
		{"new", "10.0.0.32/27", ""},
		{"new", "10.0.1.16/28", ""},
		{"new", "", ""},
	} {
		if got := taken(old, tc.network, tc.wanted); got != tc.want {
			t.Errorf("%s for %s: %q, want %q", tc.wanted, tc.network, got, tc.want)
		}
	}
}

// TestOwnerOfANetwork: whom a network serves is no part of its definition.
func TestOwnerOfANetwork(t *testing.T) {
	service := model.Resource{Address: "service.a", Text: `{"type":"service","name":"a","networks":{"a":[]}}`}
	network := func(owner, bridge string) model.Resource {
		return model.Resource{Address: `network["a"]`, Text: `{"type":"network","subnet":"10.0.0.0/28","bridge":"` + bridge + `","owner":"` + owner + `"}`}
	}
	was := &model.Model{Resources: []model.Resource{network("service.a", "x"), service}}
	for bridge, want := range map[string]int{"x": 0, "y": 1} {
		is := &model.Model{Resources: []model.Resource{network("module.a.service.a", bridge), service}}
		r, err := Compare(was, is, nil)
		if err != nil {
			t.Fatal(err)
		}
		if e := r.Effects; len(e.Networks.Recreated) != want || len(e.Recreate) != want {
			t.Errorf("bridge %s: %+v", bridge, e)
		}
	}
}
