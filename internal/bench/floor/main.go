// Command floor does the least that any compiler from HCL to compose must do:
// parse the file with hclsyntax, walk the tree once by hand, and write a compose
// file. No evaluation, no checks, no other output. The benchmarks compare
// nselfc's whole build with it.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	src, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	f, diags := hclsyntax.ParseConfig(src, in, hcl.InitialPos)
	if diags.HasErrors() {
		return diags
	}
	w := &writer{out: make([]byte, 0, 4*len(src)), src: src}
	w.out = append(w.out, "services:\n"...)
	for _, b := range f.Body.(*hclsyntax.Body).Blocks {
		if b.Type == "service" {
			w.service(b)
		}
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	return os.WriteFile(out, w.out, 0o644)
}

type writer struct {
	out []byte
	src []byte
}

func (w *writer) service(b *hclsyntax.Block) {
	w.out = append(w.out, "  "+b.Labels[0]+":\n"...)
	w.body(b.Body, "    ")
	w.out = append(w.out, hardening...)
}

func (w *writer) body(body *hclsyntax.Body, indent string) {
	attrs := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, a := range body.Attributes {
		attrs = append(attrs, a)
	}
	sort.Slice(attrs, func(i, j int) bool { return attrs[i].SrcRange.Start.Byte < attrs[j].SrcRange.Start.Byte })
	for _, a := range attrs {
		w.out = append(w.out, indent+a.Name+":"...)
		w.expr(a.Expr, indent)
	}
	for _, b := range body.Blocks {
		w.out = append(w.out, indent+b.Type+":\n"...)
		w.body(b.Body, indent+"  ")
	}
}

func (w *writer) expr(e hclsyntax.Expression, indent string) {
	switch e := e.(type) {
	case *hclsyntax.ObjectConsExpr:
		w.out = append(w.out, '\n')
		for _, item := range e.Items {
			w.out = append(w.out, indent+"  "+hcl.ExprAsKeyword(item.KeyExpr)+":"...)
			w.expr(item.ValueExpr, indent+"  ")
		}
	case *hclsyntax.TemplateExpr:
		w.out = append(w.out, ' ', '"')
		for _, p := range e.Parts {
			if lit, ok := p.(*hclsyntax.LiteralValueExpr); ok && lit.Val.Type() == cty.String {
				w.out = append(w.out, lit.Val.AsString()...)
			}
		}
		w.out = append(w.out, '"', '\n')
	default:
		r := e.Range()
		w.out = append(w.out, ' ')
		w.out = append(w.out, w.src[r.Start.Byte:r.End.Byte]...)
		w.out = append(w.out, '\n')
	}
}

// hardening is about what nselfc adds to each service, so that both write files
// of the same order of size.
const hardening = `    read_only: true
    cap_drop:
      - ALL
    security_opt:
      - no-new-privileges:true
    user: "10001:10001"
    restart: unless-stopped
    init: true
    stop_grace_period: 30s
    tmpfs:
      - /tmp:size=64m,mode=1777,noexec,nosuid,nodev
    logging:
      driver: json-file
      options:
        max-size: 10m
        max-file: "3"
    healthcheck:
      interval: 10s
      timeout: 5s
      retries: 5
      start_period: 30s
    networks:
      default: {}
    depends_on:
      database:
        condition: service_healthy
      cache:
        condition: service_healthy
`
