package doctor

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"nselfc/compiler/ir"
)

// storePorts are those at which stores answer by default.
func storePorts() map[int]string {
	return map[int]string{
		1433: "SQL Server", 1521: "Oracle", 2379: "etcd", 3306: "MySQL", 5432: "PostgreSQL", 5984: "CouchDB", 6379: "Redis", 7700: "Meilisearch",
		8086: "InfluxDB", 8108: "Typesense", 8123: "ClickHouse", 9042: "Cassandra", 9092: "Kafka", 9200: "Elasticsearch", 11211: "memcached",
		26257: "CockroachDB", 27017: "MongoDB", 33060: "MySQL",
	}
}

// store names what answers at a published port, or at one of the host; "" for no store.
func (x *examination) store(c *container, port int) string {
	if c != nil && c.Config.Labels[labelProject] == x.Stack.Project {
		if s := x.service(c.service()); s != nil && s.Store.V != "" {
			return s.Store.V
		}
	}
	return storePorts()[port]
}

// loopback tells whether only the machine itself reaches an address.
func loopback(ip string) bool {
	a, err := netip.ParseAddr(ip)
	return err == nil && a.IsLoopback()
}

// opening is a port that others reach: of a container, or of a process.
type opening struct {
	where     string // "0.0.0.0:5432/tcp"
	port      int
	protocol  string
	container *container
	owner     string
}

// object names an opening by what stays between runs, once for both families.
func (o opening) object() string {
	if o.container != nil {
		return fmt.Sprintf("%s, port %d/%s", o.container.object(), o.port, o.protocol)
	}
	return fmt.Sprintf("port %d/%s", o.port, o.protocol)
}

func (o opening) whose() string {
	switch {
	case o.container != nil:
		return "container " + o.container.Name
	case o.owner != "":
		return "the process " + o.owner
	}
	return "a process whose name is not to be seen"
}

// openings lists what is reachable from outside and not declared. A port that Docker
// publishes is told of its container, and not of Docker's proxy too.
func (x *examination) openings() ([]opening, error) {
	containers, dockerErr := x.containers()
	var out []opening
	proxied := map[string][]published{}
	for i := range containers {
		c := &containers[i]
		for _, p := range c.published() {
			proxied[p.Port+"/"+p.Protocol] = append(proxied[p.Port+"/"+p.Protocol], p)
			n, _ := strconv.Atoi(p.Port)
			foreign := c.Config.Labels[labelProject] != x.Stack.Project && c.Config.Labels[labelAddress] != "" // another stack of nselfc looks after its own
			if !loopback(p.IP) && !foreign && !x.declares(c, p.IP, n, p.Protocol) {
				out = append(out, opening{fmt.Sprintf("%s/%s", netip.AddrPortFrom(addressOr(p.IP), uint16(n)), p.Protocol), n, p.Protocol, c, ""}) //nolint:gosec // a port
			}
		}
	}
	sockets, err := x.sockets()
	for _, s := range sockets {
		key := strconv.Itoa(s.Port) + "/" + s.Protocol
		switch {
		case s.Address.IsLoopback(), s.Protocol == "udp" && s.Port >= ephemeral, s.dhcp():
		case s.Owner == "sshd", x.sshPort(s): // they have a check of their own
		case slices.ContainsFunc(proxied[key], s.leads):
		case s.Owner == "dockerd": // its API has a check of its own
		case x.hostPort(s.Port, s.Protocol):
		case (s.Owner == "" || s.Owner == "docker-proxy") && x.publishes(s.Port, s.Protocol): // the proxy of a declared port, seen without root or Docker
		default:
			out = append(out, opening{s.String(), s.Port, s.Protocol, nil, s.Owner})
		}
	}
	if err == nil {
		err = dockerErr
	}
	return out, err
}

// leads tells whether a socket is that of a published port: Docker's, at whatever
// address, as a proxy for all of IPv4 may listen on IPv6 too; or one whose owner is not
// to be seen, at the same address.
func (s socket) leads(p published) bool {
	switch s.Owner {
	case "docker-proxy", "dockerd":
		return true
	case "":
		at := addressOr(p.IP)
		return s.Address == at || s.Address.IsUnspecified() && at.IsUnspecified()
	}
	return false
}

// dhcp tells whether a socket takes the answers of DHCP, which every host with an
// address from its network waits for, and no client asks anything of.
func (s socket) dhcp() bool {
	clients := []string{"", "systemd-network", "dhclient", "dhcpcd", "NetworkManager", "nm-dhcp-helper", "udhcpc", "connmand", "wickedd-dhcp4", "wickedd-dhcp6"}
	return s.Protocol == "udp" && (s.Port == 68 || s.Port == 546) && slices.Contains(clients, s.Owner)
}

// sshPort tells whether a socket is where the firewall lets ssh in: systemd waits there
// for the first connection, and who does is not seen without root.
func (x *examination) sshPort(s socket) bool {
	return x.Stack.Firewall != nil && s.Protocol == "tcp" && s.Port == x.Stack.Firewall.SSH.Port.V && slices.Contains([]string{"", "systemd"}, s.Owner)
}

func addressOr(ip string) netip.Addr {
	if a, err := netip.ParseAddr(ip); err == nil {
		return a
	}
	return netip.IPv4Unspecified()
}

// declares tells whether the stack publishes a port for a container's service there.
func (x *examination) declares(c *container, ip string, port int, protocol string) bool {
	s := x.service(c.service())
	return c.Config.Labels[labelProject] == x.Stack.Project && s != nil &&
		slices.ContainsFunc(s.Publish, func(p ir.Publish) bool {
			return p.Host.V == port && p.Protocol.V == protocol && (p.HostIP.V == "" || addressOr(p.HostIP.V) == addressOr(ip))
		})
}

func (x *examination) publishes(port int, protocol string) bool {
	return slices.ContainsFunc(x.Stack.Services, func(s *ir.Service) bool {
		return slices.ContainsFunc(s.Publish, func(p ir.Publish) bool { return p.Host.V == port && p.Protocol.V == protocol })
	})
}

// hostPort tells whether the stack declares a port of a process of the host.
func (x *examination) hostPort(port int, protocol string) bool {
	return x.Stack.Firewall != nil && slices.ContainsFunc(x.Stack.Firewall.Open, func(o ir.OpenPort) bool {
		return !o.Container && o.Port.V == port && o.Protocol.V == protocol
	})
}

// undeclared makes a check of the openings of one sort.
func undeclared(want func(x *examination, o opening) bool, say func(o opening, store string) Finding) func(context.Context, *examination) (string, []Finding, error) {
	return func(_ context.Context, x *examination) (string, []Finding, error) {
		all, err := x.openings()
		var found []Finding
		for _, o := range all {
			if want(x, o) {
				f := say(o, x.store(o.container, o.port))
				f.Object = o.object()
				found = append(found, f)
			}
		}
		sockets, _ := x.sockets()
		return counted(len(sockets), "socket") + " that listen, of IPv4 and IPv6, and the ports that containers publish", found, err
	}
}

func listenChecks() []check {
	isStore := func(x *examination, o opening) bool { return x.store(o.container, o.port) != "" }
	return []check{
		{code: "NS2010", run: undeclared(isStore, func(o opening, store string) Finding {
			return Finding{
				Evidence: fmt.Sprintf("%s answers at %s, of %s: whoever reaches this machine can try passwords there. Ports that Docker publishes pass ufw.", store, o.where, o.whose()),
				Fix:      stopOpening(o),
			}
		})},
		{code: "NS2011", run: undeclared(func(x *examination, o opening) bool { return o.container != nil && !isStore(x, o) }, func(o opening, _ string) Finding {
			return Finding{
				Evidence: fmt.Sprintf("%s is published at %s, which the stack does not declare. Docker lets it past ufw.", o.whose(), o.where),
				Fix:      stopOpening(o),
			}
		})},
		{code: "NS2012", run: undeclared(func(x *examination, o opening) bool { return o.container == nil && !isStore(x, o) }, func(o opening, _ string) Finding {
			return Finding{
				Evidence: fmt.Sprintf("%s listens at %s, and the stack does not know of it. As long as the firewall is on, it is closed; it is one mistake away from being open.", o.whose(), o.where),
				Fix:      "Let it listen on 127.0.0.1, or stop it, or say who may reach it:\n\n    firewall {\n      allow \"NAME\" {\n        port = " + strconv.Itoa(o.port) + "\n      }\n    }",
			}
		})},
		{code: "NS2013", run: closed},
	}
}

func stopOpening(o opening) string {
	if o.container == nil {
		return "Let it listen on 127.0.0.1 alone, or stop it. See what it is:\n\n    ss -lntup | grep :" + strconv.Itoa(o.port)
	}
	if o.container.Config.Labels[labelAddress] != "" {
		return "Make the container anew, as the stack declares it:\n\n    docker compose up --detach --force-recreate " + o.container.service()
	}
	return "Remove the container, or publish it on 127.0.0.1:\n\n    docker rm --force " + o.container.Name
}

// closed finds declared ports at which nothing answers.
func closed(_ context.Context, x *examination) (string, []Finding, error) {
	own, err := x.own()
	if err != nil {
		return "", nil, err
	}
	var found []Finding
	n := 0
	for _, s := range x.Stack.Services {
		for _, p := range s.Publish {
			n++
			running, there := false, false
			for _, c := range own {
				if c.service() == s.Name && c.State.Running {
					running = true
					there = there || slices.ContainsFunc(c.published(), func(q published) bool {
						return q.Port == strconv.Itoa(p.Host.V) && q.Protocol == p.Protocol.V && loopback(q.IP) == loopback(p.HostIP.V)
					})
				}
			}
			if running && !there { // one that does not run has a finding of its own
				found = append(found, Finding{
					Object: fmt.Sprintf("port %d/%s", p.Host.V, p.Protocol.V), At: p.Host.Range,
					Evidence: fmt.Sprintf("The stack publishes port %d of %s, and its container was started without it: clients get no answer, or another program's.", p.Host.V, s.Address),
					Fix:      "Make the container anew:\n\n    docker compose up --detach --force-recreate " + s.Name,
				})
			}
		}
	}
	if n == 0 {
		return "", nil, nothing("the stack publishes no port")
	}
	return counted(n, "declared port") + ", published", found, nil
}
