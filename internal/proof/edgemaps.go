package proof

import (
	"regexp"
	"slices"
	"strings"

	"nselfc/internal/proof/nginxconf"
)

// variable is one that a map makes of another, and what it may make of it.
type variable struct {
	name, source string
	entries      []string // "value result", of which "* " at the beginning is any value
}

// variables are all that maps make; where there are no entries, another rule holds them.
// An expression that decides by itself who is let in stands there whole.
var variables = []variable{
	{"$nself_path", "$request_uri", []string{"default ", "* $nself_plain_path"}},
	{"$nself_referer", "$http_referer", []string{"default ", "* $nself_origin"}},
	{"$nself_host", "$host", []string{"default ", "* $nself_plain_host"}},
	{"$nself_agent", "$http_user_agent", []string{"default ", "* $nself_plain_agent"}},
	{"$nself_bad_path", "$request_uri", []string{"default 0", "* 1"}},
	{"$nself_misdirected", "$ssl_server_name $host", []string{"default 1", `~*^(?<nself_name>[^ ]+) \k<nself_name>\z 0`}},
	{"$nself_upgrade", "$http_upgrade", nil},
	{"$nself_connection", "$nself_upgrade", []string{"default upgrade", " close"}},
	{"$nself_frame_options", "$upstream_http_x_frame_options", nil},
	{"$nself_referrer_policy", "$upstream_http_referrer_policy", nil},
	{"$nself_resource_policy", "$upstream_http_cross_origin_resource_policy", nil},
	{"$nself_retry_after", "$limit_req_status", []string{"default ", "REJECTED $nself_retry"}},
	{"$nself_tail", "$nself_prefix $request_uri", []string{
		"default ", `~*^(?<nself_base>[^ ]*) \k<nself_base>(?:/+|(?=\?)|\z)(?<nself_rest>.*)\z /$nself_rest`,
	}},
	{"$nself_client", "$binary_remote_addr", []string{"default $binary_remote_addr", "* $nself_ipv4", "* $nself_network"}},
	{"$nself_dollar", "", []string{"default $"}},
}

// unknownEntries refuses variables and values of maps that are not in the list.
func (e *edge) unknownEntries(report Report) {
	for _, name := range [...]string{"map", "geo"} {
		for _, m := range e.byName[name] {
			if len(m.Args) == 0 {
				continue // and has a finding
			}
			made, source := m.Args[len(m.Args)-1], strings.Join(m.Args[:len(m.Args)-1], " ")
			i := slices.IndexFunc(variables, func(v variable) bool { return v.name == made && v.source == source })
			if i < 0 {
				report(place(m), "%q makes a variable that nginx is not told of, or of something else.", label(m))
				continue
			}
			for _, v := range m.Body {
				if !entered(variables[i].entries, v) {
					report(place(v), "%q is no entry of the map of %s.", label(v), made)
				}
			}
		}
	}
}

func entered(entries []string, v *nginxconf.Node) bool {
	if v.Block || len(v.Args) != 1 || v.Name == "include" || v.Name == "hostnames" || v.Name == "volatile" {
		return false
	}
	return len(entries) == 0 || slices.ContainsFunc(entries, func(entry string) bool {
		if result, any := strings.CutPrefix(entry, "* "); any {
			return result == v.Args[0] && v.Name != "default"
		}
		return entry == label(v)
	})
}

// captured gives what a map of nginx makes of a value whose expressions are ones of Go,
// with the text in the place of the group that it is made of.
func captured(m *nginxconf.Node, value string) string {
	result := mapped(m, value)
	for _, v := range m.Body {
		pattern := expression(v.Name)
		if pattern == "" || v.Arg(0) != result {
			continue
		}
		if strings.HasPrefix(v.Name, "~*") {
			pattern = "(?i)" + pattern
		}
		if e, err := regexp.Compile(pattern); err == nil {
			if groups := e.FindStringSubmatch(value); groups != nil {
				if i := e.SubexpIndex(strings.TrimPrefix(result, "$")); i >= 0 {
					return groups[i]
				}
			}
		}
	}
	return result
}
