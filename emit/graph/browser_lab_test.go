//go:build lab && linux

package graph_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"nselfc/compiler/ir"
	"nselfc/emit/graph"
)

// measure asks the browser how large each text came out, and whether it stays
// within the shapes of its box and below the line above.
const measure = `<script>
const bad = []; let texts = 0, size = 99;
for (const box of document.querySelectorAll('g[data-node][class]')) {
  const all = [...box.querySelectorAll('.shape')].map(s => s.getBBox());
  const left = Math.min(...all.map(b => b.x)), right = Math.max(...all.map(b => b.x + b.width));
  const top = Math.min(...all.map(b => b.y)), bottom = Math.max(...all.map(b => b.y + b.height));
  let above = top - 3;
  for (const text of box.querySelectorAll('text')) {
    const b = text.getBBox();
    texts++;
    size = Math.min(size, parseFloat(getComputedStyle(text).fontSize));
    if (b.x < left || b.x + b.width > right || b.y < above || b.y + b.height > bottom + 3) bad.push(text.textContent);
    above = b.y + b.height - 3;
  }
}
document.body.innerHTML = '<pre id="result"></pre>';
document.getElementById('result').textContent = JSON.stringify({texts, size, bad});
</script>`

// browse shows a picture in a browser and gives what it measured.
func browse(t *testing.T, chromium, svg string) (out struct {
	Texts int
	Size  float64
	Bad   []string
},
) {
	t.Helper()
	dir := t.TempDir()
	page := filepath.Join(dir, "page.html")
	_, svg, _ = strings.Cut(svg, "?>")
	if err := os.WriteFile(page, []byte("<!DOCTYPE html><meta charset=\"utf-8\"><body>"+svg+measure), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+filepath.Join(dir, "profile"),
		"--window-size=1280,900", "--dump-dom", "file://"+page)
	dom, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	result := regexp.MustCompile(`<pre id="result">(.*?)</pre>`).FindSubmatch(dom)
	if result == nil {
		t.Fatalf("the browser measured nothing: %.300s", dom)
	}
	plain := strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(string(result[1]))
	if err := json.Unmarshal([]byte(plain), &out); err != nil {
		t.Fatalf("%v: %s", err, plain)
	}
	return out
}

// TestBrowser measures pictures where they are read: no text leaves its box or
// touches another, whatever font the machine has, and none is below 11 pixels.
func TestBrowser(t *testing.T) {
	chromium := need(t, "chromium")
	small := graph.SVG(graph.New(large(5)))
	if got := browse(t, chromium, strings.Replace(small, "font-size:12px", "font-size:24px", 1)); len(got.Bad) == 0 {
		t.Fatalf("control: texts of twice the size fit: %+v", got)
	}
	wide := &ir.Stack{Name: value("wide")}
	for _, name := range []string{strings.Repeat("W", 63), strings.Repeat("m", 63), "i", strings.Repeat("漢", 20), strings.Repeat("🙂", 20), "\ufdfd\ufdfd"} {
		wide.Services = append(wide.Services, &ir.Service{Name: name, Address: "service.x", Replicas: value(1)})
	}
	for name, doc := range map[string]string{"5": small, "60": graph.SVG(graph.New(large(60))), "wide": graph.SVG(graph.New(wide))} {
		got := browse(t, chromium, doc)
		if len(got.Bad) > 0 || got.Texts < 6 || got.Size < 11 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
