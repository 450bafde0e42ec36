package review_test

import (
	"strings"
	"testing"

	"nselfc/compiler/model"
)

// TestKeeping holds what a plan says when the values of an environment are kept
// elsewhere, or for other people.
func TestKeeping(t *testing.T) {
	const (
		one   = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
		other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ops"
	)
	age := func(recipients string) string { return "age {\n recipients = [" + recipients + "]\n}" }
	vault := "vault {\n address = \"https://vault.example.com\"\n}"
	more := "\nsecret \"_new\" {}\n"
	for _, tt := range []struct {
		name, was, is, add string
		want               []string
	}{
		{"nothing", vault, vault, "", nil},
		{"time", vault, strings.Replace(vault, "\n}", "\n timeout = \"20s\"\n}", 1), "", nil},
		{"to a store", "", vault, "", []string{"kept in .secrets on the host and are kept in Vault at https://vault.example.com (secret/shop) now"}},
		{"back", vault, "", "", []string{"kept in .secrets on the host now"}},
		{"elsewhere", vault, strings.Replace(vault, "\n}", "\n namespace = \"b\"\n}", 1), "", []string{"(b/secret/shop) now"}},
		{"to a program", age(`"` + one + `"`), "exec {\n command = [\"pass\"]\n}", "", []string{"no command of nselfc writes"}},
		{"somebody more", age(`"` + one + `"`), age(`"` + one + `", "` + other + `"`), "", []string{"nselfc secrets recipients", other[:70] + "… can read every secret"}},
		{"somebody less", age(`"` + one + `", "` + other + `"`), age(`"` + one + `"`), "", []string{"nselfc secrets recipients", "history of git. Rotate every secret"}},
		{"a value that the store lacks", vault, vault, more, []string{"must have the values that are new: secret._new"}},
		{"a value that a build makes", "", "", more, nil},
		{"a value that a build makes, for Kubernetes", "kubernetes {}", "kubernetes {}", more, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := func(store string) string {
				return "stack \"shop\" {}\nsecrets {\n" + store + "\n}\nsecret \"_a\" {}\n"
			}
			var got []string
			for _, s := range effects(t, compiled(t, text(tt.was)), compiled(t, text(tt.is)+tt.add)).Steps {
				if s.Address != model.StoreAddress {
					t.Errorf("about %s: %s", s.Address, s.Text)
				}
				got = append(got, s.Text)
			}
			if len(got) != len(tt.want) {
				t.Fatalf("want %d steps, got %q", len(tt.want), got)
			}
			for i, want := range tt.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("%q is missing in %q", want, got[i])
				}
			}
		})
	}
}
