package schema

// Hint says what to write instead of a word that people bring along from
// compose and from tutorials, or "" for a word that means nothing here. Several
// of them are what a stack must not say at all; the sentence then says why.
func (b *Block) Hint(word string) string {
	if b.Name == "stack file" || b.Name == "module file" {
		return topHints[word]
	}
	return hints[b.Name][word]
}

// KindHint is Hint for the block of a kind.
func KindHint(word string) string {
	switch word {
	case "ports", "port", "publish", "expose", "public", "published", "host_port", "listen", "listen_addresses", "bind":
		return "A kind has no way to be published: services reach it by referring to it. For a look into a database use `docker compose exec`."
	case "password", "root_password", "user", "username", "requirepass", "auth", "superuser":
		return "Passwords are made by the kind and kept in .secrets; services get them by referring to the kind's outputs."
	case "pg_hba", "hba", "host_auth_method", "auth_method", "trust":
		return "There is nothing to write: a login needs TLS and a password that SCRAM checks, from the networks of the services that refer to it, and all else is refused. `trust` would let in whoever reaches the port, as the superuser. Who may do what is said by roles."
	case "ssl", "tls", "ssl_mode", "sslmode":
		return "There is nothing to write: how a kind is reached is made by the kind, certificates included, and its outputs say it. PostgreSQL takes no login without TLS, and its URLs check the certificate."
	case "protected_mode", "enable_debug_command", "rename_command":
		return "There is nothing to write: nobody gets in without a password, and the login of services has no command of an administrator."
	case "networks", "network_mode", "links":
		return serviceHints["networks"]
	case "privileged", "cap_add", "capabilities", "security_opt", "pid", "ipc", "userns_mode", "devices", "read_only", "extra_compose":
		return "The containers of a kind are confined like every other, and made for it: there is nothing to add, and nothing of it can be switched off."
	}
	return ""
}

// hints are those of each block, by its name. Words that mean the same in every block
// of a name stand here once, wherever the block does.
var hints = map[string]map[string]string{
	"service":     serviceHints,
	"certificate": certificateHints,
	"secrets":     storeHints,
	"policy":      policyHints,
	"waive":       waiverHints,
	"build": {
		"privileged":   "A build with the host's powers is root on the host for every line of the Dockerfile, and for what it downloads. There is nothing to write.",
		"entitlements": "A build with the host's powers is root on the host for every line of the Dockerfile, and for what it downloads. There is nothing to write.",
		"network":      "On the host's network, a build reaches what listens on its loopback address alone. There is nothing to write.",
		"extra_hosts":  "It sends what the build downloads to whatever address stands there. There is nothing to write.",
		"ssh":          "The keys of whoever builds would be in reach of every line of the Dockerfile. Bring private code into the context, with git submodule.",
		"secrets":      "What a service needs to run is in its argument secrets, outside of the image. What the build alone needs belongs to the pipeline that builds the image.",
	},
	"healthcheck": {
		"test":           "The argument is command; http and tcp make one.",
		"cmd":            "The argument is command; http and tcp make one.",
		"disable":        "A service without a check counts as running when it hangs, and those that need it start too early. Leave the block out, and policy says so (NS315).",
		"disabled":       "A service without a check counts as running when it hangs, and those that need it start too early. Leave the block out, and policy says so (NS315).",
		"start_interval": "The argument is interval, for the start too.",
	},
	"port": {
		"host":      publishHint,
		"host_port": publishHint,
		"host_ip":   publishHint,
		"publish":   publishHint,
		"published": publishHint,
		"public":    publishHint,
		"target":    "The argument is container.",
		"number":    "The argument is container.",
	},
	"publish": {
		"address":   loopbackHint,
		"host_ip":   loopbackHint,
		"ip":        loopbackHint,
		"interface": loopbackHint,
		"public":    loopbackHint,
		"port":      "The argument is host.",
	},
	"resources": {
		"swap":          serviceHints["memswap_limit"],
		"memswap_limit": serviceHints["memswap_limit"],
		"unlimited":     "One fault, or one client, would take the whole host down. Write numbers that are large enough.",
		"mem_limit":     "The argument is memory.",
		"pids_limit":    "The argument is pids.",
		"limits":        "There is nothing between: cpus, memory and pids stand in the block itself, and are limits.",
		"reservations":  "Memory is reserved by extra_compose = { mem_reservation = \"256m\" } of the service.",
	},
	"route": {
		"cors":         corsHint,
		"cors_origins": corsHint,
		"allow_origin": corsHint,
		"allow_cors":   corsHint,
		"auth":         authHint,
		"basic_auth":   authHint,
		"auth_basic":   authHint,
		"tls":          tlsHint,
		"ssl":          tlsHint,
		"https":        tlsHint,
		"http":         "Without TLS, everybody on the way reads and changes what is sent. Port 80 redirects, and does nothing else.",
		"allow_http":   "Without TLS, everybody on the way reads and changes what is sent. Port 80 redirects, and does nothing else.",
		"domain":       "The argument is host.",
		"timeout":      "The arguments are connect_timeout, read_timeout and send_timeout.",
	},
	"ingress": {
		"ports":         "The arguments are http_port and https_port. Routes are published, not ports.",
		"cors":          corsHint,
		"ssl":           "TLS is a block: tls { profile = \"intermediate\" }.",
		"ssl_protocols": protocolHint,
		"server_tokens": "There is nothing to write: the release of nginx is told to nobody.",
		"config":        snippetHint,
		"snippet":       snippetHint,
		"extra_config":  snippetHint,
		"dashboard":     "nginx has no dashboard, and a page of its state would tell strangers who is there. What happens is in the log.",
	},
	"tls": {
		"protocols":     protocolHint,
		"ssl_protocols": protocolHint,
		"min_version":   protocolHint,
		"versions":      protocolHint,
		"ciphers":       "One weak cipher is enough for an attacker who chooses it. Ciphers follow from the profile: guide, intermediate or modern.",
		"ssl_ciphers":   "One weak cipher is enough for an attacker who chooses it. Ciphers follow from the profile: guide, intermediate or modern.",
		"enabled":       tlsHint,
		"verify":        verifyHint,
		"ssl_verify":    verifyHint,
		"insecure":      verifyHint,
		"self_signed":   "Users learn to click a warning away, and then anybody's certificate is as good. certificate { local {} } is for development; elsewhere name the files of an authority that browsers know.",
	},
	"firewall": {
		"enabled":  "Without it every process of the host can be reached, and the ports that Docker publishes too. Leave the block out, and policy says so (NS341).",
		"disable":  "Without it every process of the host can be reached, and the ports that Docker publishes too. Leave the block out, and policy says so (NS341).",
		"default":  "What is not named is dropped. An open default shows every process of the host to the world. Name what is to be open: allow \"wireguard\" { port = 51820 }.",
		"ports":    "Ports of the ingress are open by themselves. For a process of the host: allow \"wireguard\" { port = 51820 }.",
		"deny":     "There is nothing to write: what is not named is dropped, ports of containers too.",
		"iptables": "Docker's rules for iptables stay on: without them nothing keeps containers apart. There is nothing to write.",
	},
	"volume": {
		"type":        "A volume block with host mounts a folder of the stack, and one without it a volume.",
		"bind":        "A folder of the stack is the argument host.",
		"propagation": "A mount that others see can be made on the host from inside a container. There is nothing to write.",
		"mode":        "The argument is read_only.",
		"target":      "The argument is path.",
		"driver":      "A driver can be anything, a folder of the host too, which whoever writes to it then has. Volumes are Docker's own.",
		"driver_opts": "With options of its driver a volume is any folder of the host, and whoever writes to it has that folder. A folder of the stack is the argument host of a service's volume block.",
		"external":    "What is in a volume of another stack is that one's to say. Volumes are the stack's own.",
	},
	"secret": {
		"value":       secretValueHint,
		"default":     secretValueHint,
		"content":     secretValueHint,
		"environment": "A variable of whoever builds is in shells and logs, and another at the next build. nselfc makes the value; one that somebody else issues has kind = \"input\", and comes by nselfc secrets set.",
		"file":        "A file beside the stack is committed one day. nselfc makes the value; one that somebody else issues has kind = \"input\", and comes by nselfc secrets set.",
		"external":    "Where values are kept is said once, for all of them, by the secrets block.",
	},
}

const (
	publishHint     = "Only the ingress publishes ports: past it there is no TLS, no limit of requests and no log. Give the service a route block; on a developer's machine a publish block opens the port on the loopback address."
	loopbackHint    = "On 0.0.0.0 the port is open to the world, past the host's firewall. A publish block is for 127.0.0.1 of a developer's machine, and nothing else; for others to come in, write a route block."
	authHint        = "The program checks who asks, or a service that stands before it does. What is for few addresses, a dashboard say, is closed to all others by allow_from = [\"203.0.113.0/24\"]."
	tlsHint         = "There is nothing to write: every route is served over TLS, and nothing else is."
	protocolHint    = "TLS 1.0 and 1.1 are broken (RFC 8996): who is on the way reads what is sent. Versions follow from the profile: guide and intermediate are TLS 1.2 and 1.3, modern is TLS 1.3 alone."
	verifyHint      = "A connection whose certificate nobody checks is one to whoever answers. There is nothing to write, and nothing to switch off."
	snippetHint     = "A piece of nginx's configuration that nobody checks can undo all the rest. Headers, limits and addresses are arguments of route; what else nginx should do, a service behind it does."
	secretValueHint = "A value in this file is in git for ever, and the same in every environment. nselfc makes it; one that somebody else issues has kind = \"input\", and comes by nselfc secrets set."
)

var certificateHints = map[string]string{
	"acme": "Certificates by ACME (Let's Encrypt) are not in this release yet. Let certbot or another client on the host get one, and name its files in a files block.",
}

var storeHints = map[string]string{
	"backend":    storeHint,
	"store":      storeHint,
	"type":       storeHint,
	"kind":       storeHint,
	"hashicorp":  "OpenBao and HashiCorp Vault are both the block vault.",
	"openbao":    "OpenBao and HashiCorp Vault are both the block vault.",
	"bao":        "OpenBao and HashiCorp Vault are both the block vault.",
	"k8s":        "The block is named kubernetes.",
	"aws_secret": "The block is named aws.",
	"sops":       "There is no store of its own for sops: a block exec runs it, as in exec { command = [\"./secrets/of.sh\"] }. The block age keeps one encrypted file without it.",
	"pass":       "A block exec runs it, as in exec { command = [\"pass\", \"show\"] }.",
	"secret":     "A secret is declared at the top of a stack: secret \"key\" {}. This block says where the values of all of them are kept.",
}

const storeHint = "The store is a block of its own name: file, age, vault, aws, kubernetes or exec, as in age { recipients = [\"age1…\"] }."

var policyHints = map[string]string{
	"waiver":    waiverHint,
	"ignore":    waiverHint,
	"skip":      waiverHint,
	"exception": waiverHint,
	"exclude":   waiverHint,
	"suppress":  waiverHint,
}

const waiverHint = "An exception is a block of its own, with an owner and an end: waive \"NS312\" { … }."

var waiverHints = map[string]string{
	"for":           "What the finding is about is named by the argument on, as in on = service.legacy.",
	"service":       "What the finding is about is named by the argument on, as in on = service.legacy.",
	"scope":         "What the finding is about is named by the argument on, as in on = service.legacy.",
	"target":        "What the finding is about is named by the argument on, as in on = service.legacy.",
	"justification": "The argument is named reason.",
	"comment":       "The argument is named reason.",
	"expires":       "The argument is named until: the last day on which the finding is accepted.",
	"expiry":        "The argument is named until: the last day on which the finding is accepted.",
	"expires_at":    "The argument is named until: the last day on which the finding is accepted.",
	"environment":   "A waiver for one environment stands in the policy block of that environment.",
	"environments":  "A waiver for one environment stands in the policy block of that environment.",
	"issue":         "The argument is named ticket.",
}

var topHints = map[string]string{
	"alerts":   "Alerts are not in this release yet: leave the block out.",
	"waive":    "A waiver stands in the policy block: policy { waive \"NS312\" { … } }.",
	"waiver":   "A waiver stands in the policy block: policy { waive \"NS312\" { … } }.",
	"test":     "Tests stand in files of their own, as in stack.nselftest.hcl, which nselfc test runs.",
	"services": "Write a service block for each: service \"api\" { … }.",
	"networks": "There is nothing to write: networks follow from what services refer to.",
	"network":  "There is nothing to write: networks follow from what services refer to.",
	"volumes":  "Write a volume block for each that several services share: volume \"uploads\" {}.",
	"version":  "There is nothing to write: Compose reads no version any more.",
	"name":     "The name is the label of the stack block: stack \"shop\" {}.",
	"include":  "All *.hcl files of the folder are the stack. What several stacks share is a module.",
	"configs":  "Write a config block for each that several services mount: config \"app\" { … }.",
	"local":    "Local values stand together in a locals block.",
	"var":      "Write a variable block: variable \"domain\" { … }.",
	"provider": "There are no providers: the built-in kinds are postgres and redis.",
	"resource": "Write a service block, or one of the kinds postgres and redis.",
	"nginx":    "The one nginx that publishes ports is the ingress block.",
	"tls":      "TLS belongs to the ingress block.",
	"backup":   "Backups are not in this release yet. A service of yours can make them: a role of postgres with access = \"backup\" reads everything.",
	"route":    "A route belongs to the service that it leads to.",
}
