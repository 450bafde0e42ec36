package schema

// Hint says what to write instead of a word that people bring along from
// compose and from tutorials, or "" for a word that means nothing here. Several
// of them are what a stack must not say at all; the sentence then says why.
func (b *Block) Hint(word string) string {
	switch b.Name {
	case "service":
		return serviceHints[word]
	case "stack file", "module file":
		return topHints[word]
	case "certificate":
		return certificateHints[word]
	case "secrets":
		return storeHints[word]
	case "policy":
		return policyHints[word]
	case "waive":
		return waiverHints[word]
	}
	return ""
}

// KindHint is Hint for the block of a kind.
func KindHint(word string) string {
	switch word {
	case "ports", "port", "publish", "expose", "public", "published", "host_port":
		return "A kind has no way to be published: services reach it by referring to it. For a look into a database use `docker compose exec`."
	case "password", "root_password", "user", "username":
		return "Passwords are made by the kind and kept in .secrets; services get them by referring to the kind's outputs."
	case "networks", "network_mode", "links":
		return serviceHints["networks"]
	}
	return ""
}

var serviceHints = map[string]string{
	"ports":             "Containers do not publish ports. Name the port that the process listens on with a port block, and publish it over TLS with a route block.",
	"expose":            "Name the port that the process listens on with a port block.",
	"volumes":           "Write a volume block for each: volume \"data\" { path = \"/data\" }. The Docker socket and the host's own folders can never be mounted.",
	"environment":       "Environment variables are the argument env.",
	"env_file":          "Environment variables are the argument env; secrets go into the argument secrets.",
	"depends_on":        "There is nothing to write: a service waits for what its expressions refer to, as in service.api.host or redis.cache.url.",
	"links":             "There is nothing to write: a service reaches what its expressions refer to.",
	"networks":          "There is nothing to write: a service reaches what its expressions refer to, over networks of their own, and nothing else.",
	"network_mode":      "A service cannot share the host's network: every port of the host would be its own. It reaches what its expressions refer to; egress = true lets it reach the internet.",
	"privileged":        "No service is privileged: it would own the host. Ask for single capabilities with the argument capabilities.",
	"cap_add":           "Ask for capabilities with the argument capabilities; all others are dropped.",
	"cap_drop":          "There is nothing to write: every capability is dropped that the argument capabilities does not name.",
	"security_opt":      "There is nothing to write: no-new-privileges is set, and the default seccomp profile stays.",
	"pid":               "A service cannot share the host's processes.",
	"ipc":               "A service cannot share the host's memory segments.",
	"userns_mode":       "A service cannot leave its user namespace.",
	"devices":           "A service cannot have the host's devices.",
	"container_name":    "There is nothing to write: containers are named after the stack and the service.",
	"hostname":          "There is nothing to write: the host name is the service's name, service.NAME.host.",
	"labels":            "Labels are for extra_compose.",
	"tmpfs":             "Write a writable block for each path: writable \"/var/cache\" { size = \"64M\" }.",
	"configs":           "Write a config block for each file.",
	"deploy":            "Limits are in a resources block; replicas is an argument.",
	"mem_limit":         "Limits are in a resources block: resources { memory = \"512M\" }.",
	"memory":            "Limits are in a resources block: resources { memory = \"512M\" }.",
	"cpus":              "Limits are in a resources block: resources { cpus = 1 }.",
	"pids":              "Limits are in a resources block: resources { pids = 256 }.",
	"pids_limit":        "Limits are in a resources block: resources { pids = 256 }.",
	"logging":           "There is nothing to write: logs are rotated.",
	"working_dir":       "Write it in the image, or in extra_compose.",
	"host":              "A host name belongs to a route block.",
	"domain":            "A host name belongs to a route block.",
	"stop_signal":       "Write it in the image, or in extra_compose.",
	"stop_grace_period": "The argument is stop_grace.",
}

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
	"local":    "Local values stand together in a locals block.",
	"var":      "Write a variable block: variable \"domain\" { … }.",
	"provider": "There are no providers: the built-in kinds are postgres and redis.",
	"resource": "Write a service block, or one of the kinds postgres and redis.",
	"nginx":    "The one nginx that publishes ports is the ingress block.",
	"tls":      "TLS belongs to the ingress block.",
	"backup":   "Backups are not in this release yet. A service of yours can make them: a role of postgres with access = \"backup\" reads everything.",
	"route":    "A route belongs to the service that it leads to.",
}
