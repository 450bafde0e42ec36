//go:build linux

package lab

import (
	"context"
	_ "embed"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

//go:embed root.sh
var rootScript string

// What the root is made of. The engine is stable's 26.1 on purpose: it does less than newer ones to protect published
// ports, so a firewall that holds there holds on both. NSELFC_LAB_NEWER names the packages to take from the newer suite
// instead of newerPackages: "nginx docker-compose docker.io docker-cli containerd runc" makes a lab with Docker 28.
const (
	rootPackages = "ca-certificates nginx postgresql redis-server redis-tools openssl curl jq testssl.sh nmap bind9-dnsutils " +
		"docker.io docker-cli docker-compose tini iptables ufw openssh-server iproute2 procps kmod netcat-openbsd tcpdump " +
		"zstd xz-utils locales"
	stableSuite   = "trixie"
	newerSuite    = "forky"
	newerPackages = "nginx docker-compose"
)

// suite is a further Debian, for the stand-ins of versions that the root does not have. They are built on the image
// nselfc-lab/NAME.
type suite struct{ name, packages string }

func suites() []suite {
	const common = " locales zstd xz-utils"
	return []suite{{"bookworm", "postgresql-15" + common}, {"forky", "postgresql-18 valkey-server" + common}}
}

func newer() string {
	if packages, set := os.LookupEnv("NSELFC_LAB_NEWER"); set {
		return packages
	}
	return newerPackages
}

// rootKey names the root: a new one is made when the script or the packages change, not when the mirror has news.
func rootKey() (string, error) {
	return hashOf(strings.Join([]string{rootScript, stableSuite, rootPackages, newerSuite, newer()}, "\n"))
}

func (s suite) key() (string, error) {
	key, err := hashOf(strings.Join([]string{rootScript, s.name, s.packages}, "\n"))
	return s.name + "-" + key, err
}

func buildRoot(ctx context.Context, dir string, log Logf) error {
	return debootstrap(ctx, dir, log, stableSuite, rootPackages, newerSuite, newer())
}

func (s suite) build(ctx context.Context, dir string, log Logf) error {
	return debootstrap(ctx, dir, log, s.name, s.packages, "", "")
}

// debootstrap makes a Debian in dir, as root.sh says.
func debootstrap(ctx context.Context, dir string, log Logf, suite, packages, newerSuite, newer string) error {
	mirror, err := debianMirror(ctx)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 45*time.Minute) // 3 on a quiet machine
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", rootScript, "root.sh", dir, mirror, suite, packages, newerSuite, newer)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	said := &strings.Builder{}
	cmd.Stderr = said
	// The names of package indexes and of proxies are the machine's own business.
	if proxy, err := exec.CommandContext(ctx, "apt-config", "--format", "%v", "dump", "Acquire::http::Proxy").Output(); err == nil && len(proxy) > 1 {
		cmd.Env = append(cmd.Environ(), "http_proxy="+strings.TrimSpace(string(proxy)))
	}
	if err := cmd.Run(); err != nil {
		return errors.New("making the Debian root: " + err.Error() + "\n" + said.String())
	}
	if text := strings.TrimSpace(said.String()); text != "" {
		log("%s", text)
	}
	return nil
}

// debianMirror finds where this machine gets Debian from. On another distribution, NSELFC_LAB_MIRROR says it.
func debianMirror(ctx context.Context) (string, error) {
	if mirror := os.Getenv("NSELFC_LAB_MIRROR"); mirror != "" {
		return mirror, nil
	}
	targets, _ := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(CREATED_BY) $(ORIGIN) $(LABEL) $(REPO_URI)").Output()
	for line := range strings.Lines(string(targets)) {
		if uri, found := strings.CutPrefix(line, "Packages Debian Debian "); found {
			return strings.TrimSpace(uri), nil
		}
	}
	// No package index has been fetched yet: then the sources name it.
	addresses := regexp.MustCompile(`\bhttps?://\S+/debian/?(?:\s|$)`)
	for _, file := range sourceFiles() {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if uri := addresses.FindString(line); uri != "" && !strings.HasPrefix(strings.TrimSpace(line), "#") {
				return strings.TrimSpace(uri), nil
			}
		}
	}
	return "", errors.New("no Debian mirror in this machine's package sources: set NSELFC_LAB_MIRROR to one")
}

func sourceFiles() []string {
	files := []string{"/etc/apt/sources.list"}
	entries, _ := os.ReadDir("/etc/apt/sources.list.d")
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".sources") || strings.HasSuffix(entry.Name(), ".list") {
			files = append(files, "/etc/apt/sources.list.d/"+entry.Name())
		}
	}
	return files
}
