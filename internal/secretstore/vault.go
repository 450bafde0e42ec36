package secretstore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"nselfc/compiler/ir"
	"nselfc/lang/escape"
)

// vault is a secret of a KV engine, version 2, of HashiCorp Vault or OpenBao: one
// JSON object of texts, of which the server keeps old versions. It is not for use
// by two goroutines at once.
type vault struct {
	name      string // as the subject of a sentence
	base      *url.URL
	namespace string
	mount     string
	path      string
	client    *http.Client
	login     login
	limits    limits
	pause     func(context.Context, time.Duration) error // between two tries
}

func openVault(s *ir.SecretStore, o Options) (Store, error) {
	v := &vault{
		name:      fmt.Sprintf("The Vault secret %q of the mount %q", s.Path.V, s.Mount.V),
		namespace: s.Namespace.V,
		mount:     s.Mount.V,
		path:      s.Path.V,
		limits:    limitsOf(s.Timeout.V),
		pause:     pause,
	}
	var err error
	if v.base, err = v.address(s.Address.V); err != nil {
		return nil, err
	}
	v.name += " at " + v.base.String()
	for _, p := range []struct{ what, path string }{{"mount", v.mount}, {"path", v.path}, {"namespace", v.namespace}} {
		if p.path == "" && p.what == "namespace" {
			continue
		}
		if err := v.place(p.what, p.path); err != nil {
			return nil, err
		}
	}
	if v.client, err = v.connect(first(o, "VAULT_CACERT", "BAO_CACERT")); err != nil {
		return nil, err
	}
	if v.login, err = v.credentials(s.Auth.V, o); err != nil {
		return nil, err
	}
	return v, nil
}

// kvAnswer is what the engine says of one version of a secret.
type kvAnswer struct {
	Data *struct {
		Data     map[string]*string `json:"data"`
		Metadata *struct {
			Version      int    `json:"version"`
			DeletionTime string `json:"deletion_time"`
			Destroyed    bool   `json:"destroyed"`
		} `json:"metadata"`
	} `json:"data"`
}

// Load reads the newest version.
func (v *vault) Load(ctx context.Context) (Snapshot, error) {
	ctx, cancel := v.limits.all(ctx)
	defer cancel()
	return v.load(ctx)
}

func (v *vault) load(ctx context.Context) (Snapshot, error) {
	a, err := v.authorised(ctx, request{method: http.MethodGet, path: v.data()})
	if err != nil {
		return Snapshot{}, err
	}
	if a.status != http.StatusOK && a.status != http.StatusNotFound {
		return Snapshot{}, v.refused(ctx, a)
	}
	var kv kvAnswer
	if err := json.Unmarshal(a.body, &kv); err != nil {
		if a.status == http.StatusNotFound {
			return Snapshot{}, v.strange("answered 404 with a text that is not JSON.")
		}
		return Snapshot{}, v.misread(a.body)
	}
	if a.status == http.StatusNotFound {
		return v.gone(ctx, kv)
	}
	if kv.Data == nil || kv.Data.Metadata == nil || kv.Data.Metadata.Version < 1 || kv.Data.Data == nil {
		return Snapshot{}, v.otherVersion()
	}
	snap := Snapshot{Values: make(map[string]string, len(kv.Data.Data)), Version: strconv.Itoa(kv.Data.Metadata.Version)}
	for k, text := range kv.Data.Data {
		if text == nil {
			return Snapshot{}, notText(v.name, k)
		}
		snap.Values[k] = *text
	}
	return snap, nil
}

// misread tells an answer of the engine that holds something else than texts from
// an answer of something that is not the engine.
func (v *vault) misread(body []byte) error {
	var loose struct {
		Data struct {
			Data map[string]json.RawMessage `json:"data"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &loose) != nil {
		return v.strange("answered with a text that is not its protocol.")
	}
	_, err := texts(v.name, loose.Data.Data)
	if err == nil {
		return v.strange("answered with a text that is not its protocol.")
	}
	return err
}

// gone words a 404: of a secret whose newest version was deleted or destroyed the
// engine still knows the version, which the next Save must name.
func (v *vault) gone(ctx context.Context, kv kvAnswer) (Snapshot, error) {
	if kv.Data != nil && kv.Data.Metadata != nil && kv.Data.Metadata.Version > 0 {
		m := kv.Data.Metadata
		snap := Snapshot{Version: strconv.Itoa(m.Version)}
		if m.Destroyed {
			return snap, v.fail(ErrAbsent, fmt.Sprintf("has the version %d, which was destroyed.", m.Version),
				"Its values cannot be had back from there. See which older versions are left, and roll back to one:\n\n"+
					v.command("metadata get", "")+"\n"+v.command("rollback", "-version=N"))
		}
		return snap, v.fail(ErrAbsent, fmt.Sprintf("has the version %d, which was deleted.", m.Version),
			"Nothing is lost yet. Take the deletion back:\n\n"+v.command("undelete", fmt.Sprintf("-versions=%d", m.Version)))
	}
	if err := v.engine(ctx); err != nil {
		return Snapshot{}, err
	}
	return Snapshot{}, v.fail(ErrAbsent, "does not exist.", v.lookAt())
}

func (v *vault) lookAt() string {
	advice := firstTime + "Else compare the mount and the path with what is there:\n\n    vault kv list -mount=" + escape.ShellWord(v.mount)
	if v.namespace != "" {
		advice += " -namespace=" + escape.ShellWord(v.namespace)
	}
	return advice + "\n\nThe path is without \"data/\", which the engine puts before it."
}

// command gives a line of the vault program for people to copy. OpenBao's takes
// the same words.
func (v *vault) command(verb, flag string) string {
	line := "    vault kv " + verb
	if flag != "" {
		line += " " + flag
	}
	if v.namespace != "" {
		line += " -namespace=" + escape.ShellWord(v.namespace)
	}
	return line + " -mount=" + escape.ShellWord(v.mount) + " " + escape.ShellWord(v.path)
}

// Save writes a new version, on condition that the newest one is still the one
// that was loaded.
func (v *vault) Save(ctx context.Context, s Snapshot) error {
	ctx, cancel := v.limits.all(ctx)
	defer cancel()
	cas := 0
	if s.Version != "" {
		n, err := strconv.Atoi(s.Version)
		if err != nil || n < 1 {
			return v.fail(ErrInvalid, "was to be written over a version that no Vault gave.", "This is a bug in nselfc; please report it.")
		}
		cas = n
	} else if err := v.engine(ctx); err != nil { // an engine of version 1 would take the write, and keep no versions
		return err
	}
	if err := encodable(v.name, s.Values); err != nil {
		return err
	}
	a, err := v.authorised(ctx, request{method: http.MethodPost, path: v.data(), body: map[string]any{
		"options": map[string]int{"cas": cas},
		"data":    s.Values,
	}})
	if err != nil {
		return err
	}
	switch {
	case a.status == http.StatusBadRequest && a.says("check-and-set parameter did not match the current version"):
		if a.unsure && v.holds(ctx, s, cas+1) {
			return nil
		}
		return v.fail(ErrConflict, "was written by somebody else since it was read.", "Nothing was changed. Run the command again: it begins with what they wrote.")
	case a.status != http.StatusOK:
		return v.refused(ctx, a)
	}
	var said struct {
		Data struct {
			Version int `json:"version"`
		} `json:"data"`
	}
	if json.Unmarshal(a.body, &said) != nil || said.Data.Version != cas+1 {
		return v.otherVersion()
	}
	return nil
}

// holds tells whether the newest version is what was to be written: then it was an
// earlier try that wrote it, whose answer was lost on the way.
func (v *vault) holds(ctx context.Context, s Snapshot, version int) bool {
	now, err := v.load(ctx)
	return err == nil && now.Version == strconv.Itoa(version) && maps.Equal(now.Values, s.Values)
}

// engine makes sure that the mount is a KV engine of version 2, as the program of
// Vault itself does before it reads or writes.
func (v *vault) engine(ctx context.Context) error {
	a, err := v.authorised(ctx, request{method: http.MethodGet, path: append([]string{"sys", "internal", "ui", "mounts"}, segments(v.mount)...)})
	if err != nil {
		return err
	}
	switch a.status {
	case http.StatusOK:
	case http.StatusForbidden, http.StatusNotFound, http.StatusBadRequest: // the server does not tell which
		return v.fail(ErrAbsent, "is below a mount that does not exist, or that the token may not see.",
			"See which engines there are, with a token that may:\n\n    vault secrets list")
	default:
		return v.refused(ctx, a)
	}
	var said struct {
		Data struct {
			Type    string            `json:"type"`
			Options map[string]string `json:"options"`
		} `json:"data"`
	}
	if json.Unmarshal(a.body, &said) != nil || said.Data.Type == "" {
		return v.strange("answered with a text that is not its protocol.")
	}
	if said.Data.Type != "kv" || said.Data.Options["version"] != "2" {
		return v.otherVersion()
	}
	return nil
}

func (v *vault) otherVersion() error {
	return v.fail(ErrInvalid, "is not below a KV engine of version 2, which alone keeps versions and can refuse to overwrite somebody's work.",
		"Name a mount of that kind, or make one:\n\n    vault secrets enable -path="+escape.ShellWord(v.mount)+" -version=2 kv")
}

func (v *vault) fail(kind error, problem, advice string) error {
	return &Error{Kind: kind, Store: v.name, Problem: problem, Advice: advice}
}

// strange words an answer that no Vault gives: there is something else at the address.
func (v *vault) strange(problem string) error {
	return v.fail(ErrUnavailable, problem, "Make sure that the address is of Vault or OpenBao itself, and not of a page for people or a proxy that wants a login.")
}
