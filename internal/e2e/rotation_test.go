//go:build lab && linux

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/dotenv"

	"nselfc/internal/lab"
	"nselfc/internal/lab/attack"
)

// rotating is the shop of a developer, running, with the program that rotates.
type rotating struct {
	*stack
	program string
	config  string // of the docker command
}

func newRotating(t *testing.T) *rotating {
	t.Helper()
	engine := lab.Start(t, lab.Options{Images: standIns})
	engine.RequireMachines(t)
	r := &rotating{stack: newStack(t, engine, os.DirFS("../../examples/shop"), "shop", "dev", "shop.localhost"), program: nselfc(t), config: otherCompose(t)}
	write(t, filepath.Join(r.dir, "lab.hcl"), []byte(read(t, "testdata/lab.hcl")), 0o644)
	r.checkOften(t)
	r.edit(t, "      requests = 100\n      window   = \"60s\"\n    }\n  }\n\n  healthcheck", "      off = true\n    }\n  }\n\n  healthcheck")
	r.build(t)
	r.up(t)
	if a := r.post(t, "migrator", "/migrate", ""); a.Status != 200 {
		t.Fatalf("migrate: %+v", a)
	}
	return r
}

// rotate runs the command on the host; path is what comes before its own there.
func (r *rotating) rotate(path string, args ...string) lab.Result {
	command := append([]string{r.program, "secrets", "rotate", "--env", "dev", "--path", r.dir}, args...)
	env := []string{"PATH=" + path + "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	if r.config != "" {
		env = append(env, "DOCKER_CONFIG="+r.config)
	}
	return r.engine.HostRun(lab.Command{Args: command, Timeout: 5 * time.Minute, Env: env})
}

// otherCompose makes a configuration of the docker command with another release of
// Compose, where one is asked for.
func otherCompose(t *testing.T) string {
	t.Helper()
	named := os.Getenv("NSELFC_COMPOSE")
	if named == "" {
		return ""
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "cli-plugins"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(named, filepath.Join(dir, "cli-plugins", "docker-compose")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (r *rotating) values(t *testing.T) map[string]string {
	t.Helper()
	values, err := dotenv.Read(filepath.Join(r.out, ".secrets"))
	if err != nil {
		t.Fatal(".secrets cannot be read") // the error would quote it
	}
	return values
}

// load sends requests that write and read until it is told to stop.
func (r *rotating) load(t *testing.T) (stop func(t *testing.T) attack.Done) {
	t.Helper()
	flag := filepath.Join(t.TempDir(), "stop")
	text, err := json.Marshal(attack.Load{Request: r.request("api", ""), Clients: 8, PauseMS: 100, Stop: flag})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan lab.Result, 1)
	go func() {
		ended <- r.engine.HostRun(lab.Command{Args: []string{"/opt/probe/probe", "load", string(text)}, Timeout: 20 * time.Minute})
	}()
	return func(t *testing.T) (done attack.Done) {
		t.Helper()
		write(t, flag, nil, 0o644)
		result := <-ended
		if err := json.Unmarshal([]byte(result.Must(t)), &done); err != nil {
			t.Fatal(err)
		}
		return done
	}
}

// psql logs in over TLS, as a client on the network of the database would.
func (r *rotating) psql(user, password string) lab.Result {
	return r.engine.Docker("exec", "--env", "PGPASSWORD="+password, r.project+"-main-1", "psql", "-X", "-w", "-At", "-c", "SELECT 1", "host=main dbname=app sslmode=require user="+user)
}

func (r *rotating) redis(password string) lab.Result {
	return r.engine.Docker("exec", "--env", "REDISCLI_AUTH="+password, r.project+"-cache-1", "redis-cli", "--user", "app", "ping")
}

// refuses wants the servers to take what is in .secrets, and nothing that was there before.
func (r *rotating) refuses(t *testing.T, before map[string]string) {
	t.Helper()
	now := r.values(t)
	for key := range now {
		if strings.Contains(key, "__NEXT") || strings.Contains(key, "__PREVIOUS") {
			t.Errorf("%s is left over", key)
		}
	}
	for _, role := range []string{"app", "report", "migrate"} {
		key := "POSTGRES_MAIN_SECRET_ROLE_" + strings.ToUpper(role)
		if now[key] == "" {
			key = slices.Collect(maps.Keys(filter(now, "ROLE", strings.ToUpper(role))))[0]
		}
		slot := now[key+"__SLOT"]
		if slot == "" {
			slot = "a"
		}
		if x := r.psql(role+"_"+slot, now[key]); !x.OK() {
			t.Errorf("the value in use of %s is refused: %d", role, x.Code)
		}
		for _, s := range []string{"a", "b"} {
			if x := r.psql(role+"_"+s, before[key]); now[key] != before[key] && x.OK() {
				t.Errorf("the old value of %s still opens %s_%s", role, role, s)
			}
		}
	}
	key := slices.Collect(maps.Keys(filter(now, "CACHE", "APP")))[0]
	if x := r.redis(now[key]); !strings.Contains(x.Stdout, "PONG") {
		t.Error("the value in use of Redis is refused")
	}
	if x := r.redis(before[key]); now[key] != before[key] && !strings.Contains(x.Stdout+x.Stderr, "WRONGPASS") {
		t.Error("the old value of Redis is not refused")
	}
}

// filter gives the plain values whose keys hold all words.
func filter(all map[string]string, words ...string) map[string]string {
	out := map[string]string{}
	for key, value := range all {
		if !strings.Contains(key, "__") && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(key, w) }) {
			out[key] = value
		}
	}
	return out
}

// shows wants nothing of a value in what was printed.
func (r *rotating) shows(t *testing.T, printed string, values ...map[string]string) {
	t.Helper()
	for _, all := range values {
		for key, v := range all {
			if len(v) < 8 || strings.HasSuffix(key, "__CERTIFICATE") {
				continue
			}
			for form, f := range forms(v) {
				if strings.Contains(printed, f) {
					t.Errorf("%s was printed (%s)", key, form)
				}
			}
		}
	}
}

// secretsOfTheShop are those that are made for it, each of another class or with other
// services behind it.
var secretsOfTheShop = []string{
	`postgres.main.secret.role["app"]`,
	`postgres.main.secret.role["migrate"]`,
	`postgres.main.secret.role["report"]`,
	"redis.cache.secret.app",
	"secret.jwt_key",
	"postgres.main.secret.server",
	"postgres.main.secret.ca",
}

// underLoad rotates while requests write and read. None of them fails, and every old
// value is refused afterwards.
func (r *rotating) underLoad(t *testing.T, names ...string) {
	t.Helper()
	before := r.values(t)
	stop := r.load(t)
	time.Sleep(time.Second)
	begun := time.Now()
	x := r.rotate("", append([]string{"--grace", "1s"}, names...)...)
	took := time.Since(begun)
	time.Sleep(time.Second)
	done := stop(t)
	t.Logf("%.1f s, %+v\n%s%s", took.Seconds(), done, x.Stdout, x.Stderr)
	if !x.OK() {
		t.Fatalf("exit status %d", x.Code)
	}
	if done.Failed > 0 || done.Requests < 200 {
		t.Errorf("of %d requests %d failed: %s", done.Requests, done.Failed, done.First)
	}
	r.refuses(t, before)
	r.shows(t, x.Stdout+x.Stderr, before, r.values(t))
}

// TestRotation gives every secret of the running shop a new value, one after the
// other, under load.
func TestRotation(t *testing.T) {
	t.Parallel()
	r := newRotating(t)
	for _, name := range secretsOfTheShop {
		t.Run(name, func(t *testing.T) { r.underLoad(t, name) })
	}
	r.nothingLeft(t)
}

// TestRotationAtOnce rotates all of them together under load, and then, as after a
// break-in, also what the ingress has, which starts anew for it.
func TestRotationAtOnce(t *testing.T) {
	t.Parallel()
	r := newRotating(t)
	t.Run("under load", func(t *testing.T) { r.underLoad(t, secretsOfTheShop...) })
	t.Run("everything", func(t *testing.T) {
		before := r.values(t)
		x := r.rotate("", "--all", "--compromised")
		t.Log(x.Stdout, x.Stderr)
		if !x.OK() {
			t.Fatalf("exit status %d", x.Code)
		}
		r.refuses(t, before)
		after := r.values(t)
		for key, v := range before {
			if after[key] == v && !strings.Contains(key, "__SLOT") {
				t.Errorf("%s has its old value", key)
			}
		}
		if a := r.get(t, "api"); a.Status != 200 {
			t.Errorf("%+v", a)
		}
	})
	r.nothingLeft(t)
}

// nothingLeft wants the containers to be those that the next start would make.
func (r *rotating) nothingLeft(t *testing.T) {
	t.Helper()
	changed := r.changes(t)
	r.build(t)
	r.stack.up(t)
	if c := changed(t); len(c) > 0 {
		t.Errorf("the next up recreates %v", c)
	}
}

// dying stands before docker in the path. It kills whoever calls it: at each step of the
// journal, once at each kind of command, before the command and behind it by turns; what
// is done within containers is the same in each exchange, and dies in one of them. So
// every run that is killed was one command further, until the most that are wanted. A
// file "steps" bounds where it kills.
const dying = `#!/bin/sh
step=$(sed -n 's/.*"step": "\(.*\)".*/\1/p' %[2]s/.secrets.rotation 2>/dev/null | head -n 1)
case "$1" in
inspect|info) exec /usr/bin/docker "$@" ;;
network) what="$step $1 $2" ;;
exec) what="$1 $#"; case "$step" in applied|waited) what="$step $what" ;; esac ;;
*) what="$step $1 $#" ;;
esac
touch %[1]s/killed
n=$(wc -l <%[1]s/killed)
if [ "$n" -ge %[3]d ] || grep -qxF "$what" %[1]s/killed || [ -e %[1]s/steps ] && ! grep -qxF "$step" %[1]s/steps; then exec /usr/bin/docker "$@"; fi
if [ $((n %% 2)) = 1 ]; then /usr/bin/docker "$@"; fi
echo "$what" >>%[1]s/killed
kill -9 "$PPID"
exit 1
`

// chain runs the program until it ends, as often as it is killed.
func (r *rotating) chain(t *testing.T, dir string, args ...string) (kills int) {
	t.Helper()
	deaths := func() int {
		text, _ := os.ReadFile(filepath.Join(dir, "killed"))
		return strings.Count(string(text), "\n")
	}
	for ; ; kills++ {
		before := deaths()
		x := r.rotate(dir+":", args...)
		r.shows(t, x.Stdout+x.Stderr, r.values(t))
		if x.OK() {
			return kills
		}
		if deaths() != before+1 {
			t.Fatalf("it was not killed, after %d times that it was:\n%s", kills, x)
		}
		if kills == 7 {
			r.build(t) // what somebody does meanwhile
		}
		if _, err := os.Stat(filepath.Join(r.out, ".secrets.rotation")); err == nil && args[0] != "--abort" { // else nothing has begun
			args = []string{"--resume"}
		}
	}
}

// TestKilledRotation rotates a login of PostgreSQL, the password of Redis, a key that is
// taken at the start and the certificate authority together, and kills the program at
// every kind of command that it gives to Docker, in each step; so it does to whoever
// goes on, and goes back, while requests write and read. That every single step may be
// the last is proved in internal/rotation.
func TestKilledRotation(t *testing.T) {
	t.Parallel()
	r := newRotating(t)
	// Several copies, and the engine's own way of telling them apart.
	r.edit(t, "  command = [\"serve\"]", "  command  = [\"serve\"]\n  replicas = 2")
	r.build(t)
	r.stack.up(t)
	names := []string{"--grace", "1s", `postgres.main.secret.role["app"]`, "redis.cache.secret.app", "secret.jwt_key", "postgres.main.secret.ca"}
	for way, most := range map[string]int{"--resume": 100, "--abort": 6} {
		t.Run(way, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "docker"), fmt.Appendf(nil, dying, dir, r.out, most), 0o755)
			before := r.values(t)
			stop := r.load(t)
			begun, n := time.Now(), 0
			if way == "--resume" {
				n = r.chain(t, dir, names...)
			} else {
				// Until the servers were told to refuse the old values, and no further.
				write(t, filepath.Join(dir, "steps"), []byte("waited\n"), 0o644)
				if x := r.rotate(dir+":", names...); x.OK() {
					t.Fatalf("it was not killed\n%s", x)
				}
				if x := r.rotate(dir+":", "--resume"); x.OK() {
					t.Fatalf("it was not killed\n%s", x)
				}
				if err := os.Remove(filepath.Join(dir, "steps")); err != nil {
					t.Fatal(err)
				}
				n = 2 + r.chain(t, dir, "--abort")
			}
			if way == "--resume" && n < 30 {
				t.Errorf("it was killed %d times: that proves little", n)
			}
			took := time.Since(begun)
			done := stop(t)
			t.Logf("killed %d times in %.0f s, %+v\n%s", n, took.Seconds(), done, read(t, filepath.Join(dir, "killed")))
			if done.Failed > 0 || done.Requests < 200 {
				t.Errorf("of %d requests %d failed: %s", done.Requests, done.Failed, done.First)
			}
			if way == "--resume" {
				r.refuses(t, before)
			} else if now := r.values(t); filterEqual(before, now) != "" {
				t.Errorf("%s has not its old value", filterEqual(before, now))
			} else {
				r.refuses(t, now)
			}
		})
	}
	r.nothingLeft(t)
}

// filterEqual names a plain value that has changed.
func filterEqual(before, after map[string]string) string {
	for key, v := range filter(before) {
		if after[key] != v {
			return key
		}
	}
	return ""
}
