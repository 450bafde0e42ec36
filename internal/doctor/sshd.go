package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// sshState is how one gets in.
type sshState struct {
	Ports    []int // at which sshd listens, or would
	Live     bool  // Ports are those of sockets
	Root     string
	Password bool // they are taken, by sshd itself or by PAM, and are enough
}

// sshd asks the sockets first: the configuration may be newer than the process.
func (h Host) sshd(ctx context.Context, sockets func() ([]socket, error)) (sshState, error) {
	var s sshState
	all, _ := sockets()
	for _, k := range all {
		if k.Owner == "sshd" && k.Protocol == "tcp" && !k.Address.IsLoopback() && !slices.Contains(s.Ports, k.Port) {
			s.Ports, s.Live = append(s.Ports, k.Port), true
		}
	}
	text, err := h.ask(ctx, "sshd", "-T")
	if errors.Is(err, exec.ErrNotFound) { // its folder is in the path of root alone
		text, err = h.ask(ctx, "/usr/sbin/sshd", "-T")
	}
	if errors.Is(err, os.ErrNotExist) {
		err = exec.ErrNotFound
	}
	var interactive, pam bool
	methods := "any"
	for line := range strings.Lines(text) {
		word, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "kbdinteractiveauthentication", "challengeresponseauthentication": // before OpenSSH 8.7
			interactive = interactive || value == "yes"
		case "usepam":
			pam = value == "yes"
		case "authenticationmethods":
			methods = value
		case "port":
			if n, err := strconv.Atoi(value); err == nil && !s.Live {
				s.Ports = append(s.Ports, n)
			}
		case "permitrootlogin":
			s.Root = value
		case "passwordauthentication":
			s.Password = value == "yes"
		}
	}
	s.Password = (s.Password || interactive && pam) && !alwaysKey(methods)
	slices.Sort(s.Ports)
	if err == nil && s.Root == "" {
		err = errors.New("sshd -T printed something else than its settings")
	}
	return s, err
}

// alwaysKey tells whether each of the ways in, "publickey,password publickey", wants a key.
func alwaysKey(methods string) bool {
	return !slices.ContainsFunc(strings.Fields(methods), func(way string) bool {
		return !slices.Contains(strings.Split(way, ","), "publickey")
	})
}

func sshChecks() []check {
	return []check{
		{code: "NS2027", run: func(_ context.Context, x *examination) (string, []Finding, error) {
			if x.Stack.Firewall == nil {
				return "", nil, nothing("the stack declares no firewall")
			}
			s, err := x.sshd()
			switch {
			case len(s.Ports) > 0:
			case errors.Is(err, exec.ErrNotFound):
				return "", nil, nothing("there is no sshd here")
			default:
				return "", nil, err
			}
			want := x.Stack.Firewall.SSH.Port
			if slices.Equal(s.Ports, []int{want.V}) {
				return fmt.Sprintf("sshd answers at port %d, which the firewall lets in", want.V), nil, nil
			}
			return "", []Finding{{
				Object: "sshd", At: want.Range,
				Evidence: fmt.Sprintf("sshd answers at %s, and the firewall lets in port %d. Where they differ, you are locked out, or stand at a door that nobody guards.", list(s.Ports), want.V),
				Fix:      fmt.Sprintf("Say which one it is, and bring the rules onto the host:\n\n    firewall {\n      ssh {\n        port = %d\n      }\n    }", s.Ports[0]),
			}}, nil
		}},
		{code: "NS2030", run: loginCheck(func(s sshState) bool { return s.Root == "yes" }, "PermitRootLogin yes",
			"root may log in by ssh, with a password wherever passwords are taken: everybody knows the name, and what is guessed is everything.", "PermitRootLogin prohibit-password")},
		{code: "NS2031", run: loginCheck(func(s sshState) bool { return s.Password && s.Root != "yes" }, "PasswordAuthentication or KbdInteractiveAuthentication yes",
			"ssh takes passwords: they are guessed around the clock.", `PasswordAuthentication no\nKbdInteractiveAuthentication no`)},
	}
}

func list(ports []int) string {
	var out []string
	for _, p := range ports {
		out = append(out, "port "+strconv.Itoa(p))
	}
	return strings.Join(out, " and ")
}

// loginCheck judges the configuration of sshd.
func loginCheck(wrong func(sshState) bool, setting, evidence, better string) func(context.Context, *examination) (string, []Finding, error) {
	return func(_ context.Context, x *examination) (string, []Finding, error) {
		s, err := x.sshd()
		switch {
		case errors.Is(err, exec.ErrNotFound):
			return "", nil, nothing("there is no sshd here")
		case err != nil:
			return "", nil, err
		case wrong(s):
			return "", []Finding{{
				Object: "sshd", Evidence: setting + ": " + evidence,
				Fix: "With a key of yours in ~/.ssh/authorized_keys:\n\n    printf '" + better + "\\n' | sudo tee /etc/ssh/sshd_config.d/00-nselfc.conf\n    sudo systemctl reload ssh",
			}}, nil
		}
		return "not " + setting, nil, nil
	}
}
