package secrets

import (
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nselfc/compiler/ir"
	"nselfc/emit"
)

// TestReaders holds what the modes, owners and lists on the way to a file say
// against the kernel, which is asked to open it as each user.
func TestReaders(t *testing.T) {
	needRoot(t)
	setpriv := tool(t, "setpriv")
	all := []person{{"owner", 40001, []int{40001}}, {"member", 40002, []int{40002, 40100}}, {"stranger", 40003, []int{40003}}, {"listed", 40004, []int{40004}}, {anybody, 40005, []int{40005}}}
	for name, do := range map[string]func(t *testing.T, dir, file string){
		"private":             func(*testing.T, string, string) {},
		"world":               func(t *testing.T, _, f string) { must(t, os.Chmod(f, 0o644)) },
		"group":               func(t *testing.T, _, f string) { must(t, os.Chown(f, 40001, 40100)); must(t, os.Chmod(f, 0o640)) },
		"group but not owner": func(t *testing.T, _, f string) { must(t, os.Chown(f, 40001, 40100)); must(t, os.Chmod(f, 0o044)) },
		"not the group":       func(t *testing.T, _, f string) { must(t, os.Chown(f, 40001, 40100)); must(t, os.Chmod(f, 0o604)) },
		"closed directory":    func(t *testing.T, d, f string) { must(t, os.Chmod(f, 0o444)); must(t, os.Chmod(d, 0o700)) },
		"directory of a group": func(t *testing.T, d, f string) {
			must(t, os.Chmod(f, 0o444))
			must(t, os.Chown(d, 0, 40100))
			must(t, os.Chmod(d, 0o710))
		},
		"readable, no way":  func(t *testing.T, d, f string) { must(t, os.Chmod(f, 0o444)); must(t, os.Chmod(d, 0o744)) },
		"way, not readable": func(t *testing.T, d, f string) { must(t, os.Chmod(f, 0o444)); must(t, os.Chmod(d, 0o711)) },
		"list, user":        func(t *testing.T, _, f string) { setACL(t, f, 7, aclEntry{aclUser, 4, 40004}) },
		"list, group":       func(t *testing.T, _, f string) { setACL(t, f, 7, aclEntry{aclGroup, 4, 40100}) },
		"list, masked": func(t *testing.T, _, f string) {
			setACL(t, f, 0, aclEntry{aclUser, 4, 40004}, aclEntry{aclGroup, 4, 40100})
		},
		"list, refused": func(t *testing.T, _, f string) {
			must(t, os.Chmod(f, 0o644))
			setACL(t, f, 7, aclEntry{aclUser, 0, 40004}, aclEntry{aclGroup, 0, 40100})
		},
		"list of a directory": func(t *testing.T, d, f string) {
			must(t, os.Chmod(f, 0o444))
			must(t, os.Chmod(d, 0o700))
			setACL(t, d, 7, aclEntry{aclUser, 1, 40004})
		},
	} {
		t.Run(name, func(t *testing.T) {
			top, err := os.MkdirTemp("/var/tmp", "nselfc-access") //nolint:usetesting // others can get to it
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(top) })
			must(t, os.Chmod(top, 0o755))
			dir := filepath.Join(top, "dir")
			file := filepath.Join(dir, "file")
			put(t, file, "x", 0o600)
			must(t, os.Chmod(dir, 0o755))
			must(t, os.Chown(file, 40001, 40001))
			do(t, dir, file)
			got, err := readers(file, all)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range all {
				groups := "--clear-groups"
				if len(p.gids) > 1 {
					groups = "--groups=" + strconv.Itoa(p.gids[1])
				}
				err := exec.Command(setpriv, "--reuid", strconv.Itoa(p.uid), "--regid", strconv.Itoa(p.gids[0]), groups, "cat", file).Run()
				found := slices.ContainsFunc(got, func(q person) bool { return q.name == p.name })
				if found != (err == nil) {
					t.Errorf("%s: said %v, and the kernel: %v", p.name, found, err)
				}
			}
		})
	}
}

// setACL gives a path a list: that of its mode, a mask, and some entries more.
func setACL(t *testing.T, path string, mask uint16, more ...aclEntry) {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	perm := uint16(info.Mode().Perm())
	const userObj = 0x01
	list := append([]aclEntry{{userObj, perm >> 6, -1}, {aclGroupObj, perm >> 3 & 7, -1}, {aclMask, mask, -1}, {aclOther, perm & 7, -1}}, more...)
	slices.SortFunc(list, func(a, b aclEntry) int { return int(a.tag) - int(b.tag) }) // as the kernel wants them
	raw := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range list {
		raw = binary.LittleEndian.AppendUint16(raw, e.tag)
		raw = binary.LittleEndian.AppendUint16(raw, e.perm)
		raw = binary.LittleEndian.AppendUint32(raw, uint32(int32(e.id)))
	}
	if err := unix.Setxattr(path, "system.posix_acl_access", raw, 0); err != nil {
		t.Skipf("no access control lists here: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestPeople reads accounts and groups, and lines that are none.
func TestPeople(t *testing.T) {
	got := people("root:x:0:0::/:\nana:x:1000:1000::/:\nbob:x:1001:100::/:\nbroken\nx:y:z:w\n", "docker:x:998:ana\nusers:x:100:\nshared:x:50:ana,bob,gone\n")
	if len(got) != 3 || !slices.Equal(got[0].gids, []int{1000, 998, 50}) || !slices.Equal(got[1].gids, []int{100, 50}) || got[2].name != anybody {
		t.Errorf("%+v", got)
	}
}

// TestAudit: a clean output has no finding; each wrong has its own.
func TestAudit(t *testing.T) {
	stack, files := auditStack()
	for name, tt := range map[string]struct {
		do   func(t *testing.T, dir string)
		code string
		says string
	}{
		"clean":         {func(*testing.T, string) {}, "", ""},
		"open .secrets": {func(t *testing.T, d string) { must(t, os.Chmod(filepath.Join(d, File), 0o644)) }, "NS660", "every user"},
		"open directory": {func(t *testing.T, d string) {
			must(t, os.Chmod(filepath.Join(d, Dir), 0o755))
			must(t, os.Chmod(filepath.Join(d, Dir, "api"), 0o755))
			must(t, os.Chmod(filepath.Join(d, Dir, "api/key"), 0o444))
		}, "NS660", "api/key"},
		"unreadable":  {func(t *testing.T, d string) { must(t, os.Chmod(filepath.Join(d, Dir, "api/key"), 0o000)) }, "NS661", "service api"},
		"a copy":      {func(t *testing.T, d string) { put(t, filepath.Join(d, ".Secrets.bak"), "x", 0o600) }, "NS663", ".Secrets.bak"},
		"an editor's": {func(t *testing.T, d string) { put(t, filepath.Join(d, "..secrets.swp"), "x", 0o600) }, "NS663", ".swp"},
		"undeclared": {func(t *testing.T, d string) {
			put(t, filepath.Join(d, File), get(t, filepath.Join(d, File))+"OLD=made-up-value-of-old\n", 0o600)
		}, "NS664", "OLD"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := auditDir(t)
			opts := Options{Now: testNow, Owners: map[string]int{".secrets.d/api/key": 10001}}
			if _, diags := Materialize(context.Background(), dir, stack, files, opts); diags.HasErrors() {
				t.Fatal(diags[0].Detail)
			}
			tt.do(t, dir)
			a := Audit(context.Background(), dir, stack, files, opts)
			if tt.code == "" {
				if len(a.Findings) > 0 || len(a.Files) != 2 || a.Files[1].Mounts[0].Reads != "yes" || len(a.Files[0].Readers) > 0 && os.Geteuid() == 0 {
					t.Errorf("%+v %v", a.Files, a.Findings)
				}
				return
			}
			wantCode(t, a.Findings, tt.code, tt.says)
			for _, d := range a.Findings {
				if strings.Contains(d.Detail, "made-up-value") {
					t.Error("a value is told")
				}
			}
		})
	}
	// A file that two services are shown.
	dir := auditDir(t)
	second := *stack.Services[0]
	second.Name = "web"
	shared := *stack
	shared.Services = append(slices.Clone(stack.Services), &second)
	if _, diags := Materialize(context.Background(), dir, &shared, files, Options{Now: testNow}); diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	wantCode(t, Audit(context.Background(), dir, &shared, files, Options{Now: testNow}).Findings, "NS662", "api, web")
}

func auditStack() (*ir.Stack, []emit.File) {
	stack := stackOf(decl("key", "hex"))
	stack.Services = []*ir.Service{{Name: "api", User: str("10001:10001"), Secrets: []ir.Mount{{Name: "key", File: ".secrets.d/api/key", Target: "/run/secrets/key"}}}}
	return stack, []emit.File{file(".secrets.d/api/key", ref("secret.key"))}
}

// auditDir is one that others can get to, as a folder in /srv is.
func auditDir(t *testing.T) string {
	t.Helper()
	top, err := os.MkdirTemp("/var/tmp", "nselfc-audit") //nolint:usetesting // others can get to it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	must(t, os.Chmod(top, 0o755))
	dir := filepath.Join(top, "out")
	must(t, os.Mkdir(dir, 0o755))
	return dir
}
