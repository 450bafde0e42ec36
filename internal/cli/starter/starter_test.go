package starter

import (
	"strings"
	"testing"
)

func TestNameFor(t *testing.T) {
	for in, want := range map[string]string{
		"shop": "shop", "My Shop": "my-shop", "2026-shop": "shop", "": "app", "/": "app", "日本": "app", "a_b": "a-b",
		strings.Repeat("x", 50): strings.Repeat("x", 32), "-x-": "x", strings.Repeat("x", 31) + "-y": strings.Repeat("x", 31),
	} {
		got := NameFor(in)
		if got != want || CheckName(got) != nil {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestChecks(t *testing.T) {
	for _, name := range []string{"", "A", "a-", "-a", "1a", "a b", "a\"b", "a\n", strings.Repeat("a", 33)} {
		if CheckName(name) == nil {
			t.Errorf("name %q is accepted", name)
		}
	}
	for _, domain := range []string{"", "a", "a..b", "-a.b", "a.b-", "A.b", "a.b\n", "a.${b}", "a.b\"", strings.Repeat("a.", 125) + "b", strings.Repeat("a", 64) + ".b"} {
		if CheckDomain(domain) == nil {
			t.Errorf("domain %q is accepted", domain)
		}
	}
	if err := CheckDomain("www.shop-1.example.com"); err != nil {
		t.Error(err)
	}
}

func TestFilesHoldNoPlaceholder(t *testing.T) {
	for _, f := range Files("shop", "shop.example.com") {
		if strings.Contains(f.Text, "@") {
			t.Errorf("%s holds a placeholder:\n%s", f.Name, f.Text)
		}
	}
	if text := Files("shop", "shop.example.com")[0].Text; !strings.Contains(text, `stack "shop" {`) || !strings.Contains(text, "/run/secrets/NAME,") {
		t.Errorf("the wrong words were replaced:\n%s", text)
	}
}
