package build_test

// What the cases about secrets are made of.
const (
	keySecret = "secret \"key\" {\n  kind  = \"hex\"\n  bytes = 32\n"
	variable  = "variable \"level\" {"

	ageKey = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	sshKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

	vaultBlock = "  vault {\n    address = \"https://vault.example.com\"\n  }"
	inVault    = "secrets {\n" + vaultBlock + "\n}\n\n"
)

// secretRiskCases are about who has a secret, who keeps it, and how it is replaced.
var secretRiskCases = []riskCase{
	{"rotation by hand", []string{keySecret, keySecret + "\n  rotation {\n    class = \"manual\"\n  }\n"}, `
medium NS725 secret.key: class = "manual"`},
	{"rotation no longer by hand", []string{"both:" + keySecret, keySecret + "\n  rotation {\n    class = \"manual\"\n  }\n", "\n  rotation {\n    class = \"manual\"\n  }\n", ""}, `
safer NS725 secret.key: secret "key" {`},
	{"generated secret now somebody else's", []string{"kind  = \"hex\"\n  bytes = 32", "kind  = \"input\""}, `
medium NS725 secret.key: kind  = "input"`},
	{"rotation due later", []string{"both:" + keySecret, keySecret + "  rotate_after = \"90d\"\n", "\"90d\"", "\"365d\""}, `
low NS725 secret.key: rotate_after = "365d"`},
	{"rotation due sooner", []string{"both:" + keySecret, keySecret + "  rotate_after = \"90d\"\n", "\"90d\"", "\"30d\""}, `
safer NS725 secret.key: rotate_after = "30d"`},
	{"rotation never due", []string{"both:" + keySecret, keySecret + "  rotate_after = \"90d\"\n", "  rotate_after = \"90d\"\n", ""}, `
low NS725 secret.key: secret "key" {`},
	{"rotation due at all", []string{keySecret, keySecret + "  rotate_after = \"90d\"\n"}, `
safer NS725 secret.key: rotate_after = "90d"`},
	{"input may be older", []string{"both:" + keySecret, "secret \"key\" {\n  kind = \"input\"\n  max_age = \"90d\"\n", "\"90d\"", "\"91d\""}, `
low NS725 secret.key: max_age = "91d"`},
	{"another recipient", []string{"both:" + variable, "secrets {\n  age {\n    recipients = [\"" + ageKey + "\"]\n  }\n}\n\n" + variable, "\"" + ageKey + "\"", "\"" + ageKey + "\", \"" + sshKey + "\""}, `
high NS726 secrets: recipients = ["` + ageKey + `", "` + sshKey + `"]`},
	{"a recipient less", []string{"both:" + variable, "secrets {\n  age {\n    recipients = [\"" + ageKey + "\", \"" + sshKey + "\"]\n  }\n}\n\n" + variable, ", \"" + sshKey + "\"", ""}, `
safer NS726 secrets: recipients = ["` + ageKey + `"]`},
	{"a recipient's comment", []string{"both:" + variable, "secrets {\n  age {\n    recipients = [\"" + sshKey + "\"]\n  }\n}\n\n" + variable, sshKey, sshKey + " ops"}, ``},
	{"kept in an age file", []string{variable, "secrets {\n  age {\n    recipients = [\"" + ageKey + "\"]\n  }\n}\n\n" + variable}, `
high NS726 secrets: recipients = ["` + ageKey + `"]`},
	{"kept in Vault", []string{variable, inVault + variable}, `
high NS727 secrets: vault {`},
	{"kept in Vault no more", []string{"both:" + variable, inVault + variable, vaultBlock, "  file {}"}, `
safer NS727 secrets: stack "shop" {`},
	{"kept in another Vault", []string{"both:" + variable, inVault + variable, "vault.example.com", "vault.example.net"}, `
high NS727 secrets: address = "https://vault.example.net"`},
	{"kept in the same Vault", []string{"both:" + variable, inVault + variable, "vault.example.com", "vault.example.com/"}, ``},
	{"kept in another place of Vault", []string{"both:" + variable, "secrets {\n  vault {\n    address = \"https://vault.example.com\"\n    path = \"shop/prod\"\n  }\n}\n\n" + variable, "shop/prod", "public/shop"}, `
medium NS727 secrets: path = "public/shop"`},
	{"kept in AWS instead of Vault", []string{"both:" + variable, inVault + variable, vaultBlock, "  aws {\n    secret = \"shop/prod\"\n  }"}, `
high NS727 secrets: aws {`},
	{"another program", []string{"both:" + variable, "secrets {\n  exec {\n    command = [\"pass\"]\n  }\n}\n\n" + variable, "\"pass\"", "\"gopass\""}, `
high NS727 secrets: command = ["gopass"]`},
	{"a variable for the program", []string{"both:" + variable, "secrets {\n  exec {\n    command = [\"pass\"]\n  }\n}\n\n" + variable, "[\"pass\"]\n", "[\"pass\"]\n    environment = [\"HOME\"]\n"}, `
medium NS727 secrets: environment = ["HOME"]`},
	{"time for the store", []string{"both:" + variable, inVault + variable, "vault.example.com\"\n", "vault.example.com\"\n    timeout = \"20s\"\n"}, ``},
	{"secret for another service", []string{"service \"back\" {\n", "service \"back\" {\n  secrets = { KEY = secret.key }\n"}, `
medium NS728 service.back: secrets = { KEY = secret.key }`},
	{"secret for a service that is new", []string{"service \"worker\" {", "service \"new\" {\n  image = \"ghcr.io/acme/new:1.0.0\"\n  secrets = { KEY = secret.key }\n}\n\nservice \"worker\" {"}, `
medium NS728 service.new: secrets = { KEY = secret.key }`},
	{"secret in the variables of another service", []string{"service \"back\" {\n", "service \"back\" {\n  env = { KEY = \"a${base64encode(secret.key)}\" }\n"}, `
medium NS716 service.back: env = { KEY = "a${base64encode(secret.key)}" }
medium NS728 service.back: env = { KEY = "a${base64encode(secret.key)}" }`},
	{"hash of a secret for another service", []string{"service \"back\" {\n", "service \"back\" {\n  env = { KEY = sha256hex(secret.key) }\n"}, `
medium NS716 service.back: env = { KEY = sha256hex(secret.key) }`},
	{"secret for no longer", []string{", KEY = secret.key, WORD", ", WORD"}, `
safer NS728 service.api: service "api" {`},
	{"new secret", []string{"service \"back\" {\n", "secret \"own\" {}\n\nservice \"back\" {\n  secrets = { KEY = secret.own }\n"}, ``},
	{"secret instead of another", []string{"KEY = secret.key", "KEY = secret.word"}, `
safer NS728 service.api: service "api" {`},
	{"store's password where there was a way", []string{"both:service \"back\" {\n", "service \"back\" {\n  env = { CACHE = redis.cache.host }\n", "redis.cache.host", "redis.cache.url"}, `
medium NS716 service.back: env = { CACHE = redis.cache.url }
medium NS728 service.back: env = { CACHE = redis.cache.url }`},
	{"login where there was a way", []string{"both:service \"back\" {\n", "service \"back\" {\n  env = { DB = postgres.main.host }\n", "DB = postgres.main.host", "DB = postgres.main.roles.app.url"}, `
medium NS716 service.back: env = { DB = postgres.main.roles.app.url }
medium NS728 service.back: env = { DB = postgres.main.roles.app.url }`},
	{"private key for another service", []string{"both:" + keySecret, "secret \"pair\" {\n  kind = \"ed25519\"\n}\n\n" + keySecret, "both:service \"back\" {\n", "service \"back\" {\n  secrets = { PUBLIC = secret.pair.public_key }\n", "secret.pair.public_key", "secret.pair.private_key"}, `
medium NS728 service.back: secrets = { PUBLIC = secret.pair.private_key }`},
	{"public key for another service", []string{"both:" + keySecret, "secret \"pair\" {\n  kind = \"ed25519\"\n}\n\n" + keySecret, "service \"back\" {\n", "service \"back\" {\n  secrets = { PUBLIC = secret.pair.public_key }\n"}, ``},
}
