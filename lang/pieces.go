package lang

import (
	"runtime"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/lang/source"
)

// pieceSize is about how many bytes of a large file are parsed at a time. The
// lexer's list of tokens grows by copying, so that many small pieces take half
// the time of one large text even on one processor.
const pieceSize = 32 << 10

// parsePieces parses the pieces of a file side by side and joins their blocks.
// It gives nil when there is one piece only, or when any does not parse: then
// the file is parsed whole, so that the diagnostics do not depend on the cuts.
func parsePieces(f *source.File, cuts []int) *hclsyntax.Body {
	if len(cuts) == 0 {
		return nil
	}
	bodies := make([]*hclsyntax.Body, len(cuts)+1)
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(runtime.GOMAXPROCS(0), len(bodies)) {
		wg.Go(func() {
			for i := range next {
				bodies[i] = parsePiece(f, i, cuts)
			}
		})
	}
	for i := range bodies {
		next <- i
	}
	close(next)
	wg.Wait()
	joined := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}}
	for _, b := range bodies {
		if b == nil {
			return nil
		}
		joined.Blocks = append(joined.Blocks, b.Blocks...)
	}
	return joined
}

// parsePiece parses piece i, or gives nil when it has errors, or arguments
// outside blocks, which are errors too.
func parsePiece(f *source.File, i int, cuts []int) *hclsyntax.Body {
	start, end := 0, len(f.Bytes)
	if i > 0 {
		start = cuts[i-1]
	}
	if i < len(cuts) {
		end = cuts[i]
	}
	pos := hcl.Pos{Line: int(f.PosAt(start).Line), Column: 1, Byte: start}
	file, diags := hclsyntax.ParseConfig(f.Bytes[start:end], f.Name, pos)
	if file == nil || len(diags) > 0 {
		return nil
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok || len(body.Attributes) > 0 {
		return nil
	}
	return body
}
