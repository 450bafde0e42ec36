package lang

import (
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/date"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// Short names for the leaves. An argument that its author left out is the zero
// Value: IsSet is false, and the compiler's defaults decide.
type (
	String = source.Value[string]
	Int    = source.Value[int]
	Bytes  = source.Value[int64]
	Float  = source.Value[float64]
	Bool   = source.Value[bool]
	Text   = source.Value[secret.Text]
)

// Stack is one environment of a stack: evaluated, with kinds, modules and
// for_each expanded, so that only primitives are left. Elements stand in source
// order; nothing is defaulted but what the schema defaults.
type Stack struct {
	Name        String
	Domain      String // "" when not declared
	SubnetPool  String // IPv4 CIDR that networks are allotted from; unset for the default
	Environment string // "" for the nameless one
	Posture     String // "production" or "development"
	Range       source.Range
	// Folder is the stack's folder as seen from the output directory, slash-
	// separated; "" for where it is by default: ".." from out/, "../.." from
	// out/<environment>/. Build contexts and bound folders stand below it.
	Folder string
	// Outputs are the folders that the environments of the stack are written to,
	// this one and the others, as seen from the stack's folder, slash-separated;
	// none for where they are by default. No container may see them.
	Outputs []string
	// Links says where paths of the stack lead on this host, as seen from the
	// stack's folder and slash-separated, if not where they say: links, and
	// absolute paths. Its keys are the paths as written.
	Links    map[string]string
	Kinds    []*Kind // every use of a kind or module, with what it was given
	Services []*Service
	Volumes  []*Volume
	Secrets  []*Secret
	Store    *SecretStore // nil where no block says where values are kept
	Ingress  *Ingress
	Firewall *Firewall
	// Waivers are those of this environment, its own first; MaxWaiverDays is how far
	// ahead they may end.
	Waivers       []*Waiver
	MaxWaiverDays Int
	// Today is the date by which waivers are judged; no day, when
	// nobody asks whether one has ended. It changes what is reported and nothing else.
	Today date.Date
	Rules []*Rule // those of modules first

	root *instance // what the asserts of a test see
}

// Declared is what every addressable thing knows of its place.
type Declared struct {
	Address string       // "service.api", `service.web["eu"]`, "redis.cache.service.main"
	Range   source.Range // header of the block that declares it
	// Calls lists, outermost first, the kind and module blocks that it was
	// expanded from. Diagnostics point at the outermost one, which the user
	// wrote, and relate the rest.
	Calls []Call
}

// Call is one kind or module block on the way to a declaration.
type Call struct {
	Address string // "redis.cache", "module.edge"
	Range   source.Range
}

// Site is the range that a user can act on: the outermost call, or the
// declaration itself.
func (d Declared) Site() source.Range {
	if len(d.Calls) > 0 {
		return d.Calls[0].Range
	}
	return d.Range
}

// Service is the primitive that every kind is made of.
type Service struct {
	Declared
	Name string // compose service name: unique, at most 63 characters, a DNS label

	Image        String
	Build        *Build
	Entrypoint   []String
	Command      []String // set but empty is not representable: an empty list is an error
	User         String
	Store        String
	Ports        []Port
	Env          []EnvVar // sorted by name
	Secrets      []EnvVar // sorted by name; files under /run/secrets, NAME_FILE in the environment
	Volumes      []Mount
	Configs      []Config
	Routes       []*Route
	Health       *Health
	CPUs         Float // cores
	Memory       Bytes
	Pids         Int
	Replicas     Int
	Restart      String
	StopGrace    String // duration
	Init         Bool
	ReadOnly     Bool
	Egress       Bool
	Capabilities []String
	Writable     []Writable
	Extra        source.Value[cty.Value]
	ExtraKeys    []String  // of extra_compose, where it is written out
	Publish      []Publish // loopback ports for development

	// Uses are the services that an expression of this one refers to, through
	// locals, outputs and modules too; sorted by address, each once.
	Uses []Use
	// Files come along with outputs of kinds that the service refers to, such as
	// a CA certificate: mounted read-only under /run/secrets.
	Files []CompanionFile
}

// Kind is one use of a kind or module: its arguments, defaults included. Nothing
// is lowered from it; it is what people call a thing when they review it.
type Kind struct {
	Declared
	Type string // "postgres", "module"
	Args []Argument
}

// Argument is one argument of a kind or module, as its folder sees it. Strings in
// it may hold secret tokens.
type Argument struct {
	Name  string
	Value source.Value[cty.Value]
	// Inside says where the attributes of an object stand that is written out.
	Inside []source.Place
}

// Use is one reference from a service to another.
type Use struct {
	Service string // address of the service referred to
	Range   source.Range
}

// CompanionFile is a file that an output brings along.
type CompanionFile struct {
	Name string // file name under /run/secrets
	Text Text
}

// Build is a build context below the stack's folder.
type Build struct {
	Range      source.Range
	Context    String // slash-separated, relative to the stack's folder
	Dockerfile String
	Target     String
	Args       []EnvVar
	// Ignore names the file of what Docker leaves out of the context, and Ignored
	// is its text; nil when it is not there.
	Ignore  string
	Ignored []byte
}

// Port is a port that the container listens on.
type Port struct {
	Name      String
	Container Int
	Protocol  String // "tcp" (default) or "udp"
}

// Publish is a loopback port that a developer asked for.
type Publish struct {
	Range source.Range
	Port  String // name of a Port
	Host  Int
}

// EnvVar is a variable, secret file or build argument.
type EnvVar struct {
	Name  string
	Value Text
}

// Mount is a volume block inside a service.
type Mount struct {
	Range    source.Range
	Name     string // label
	Path     String // absolute, in the container
	Volume   string // address of the top-level volume; "" for one of the service's own
	Host     String // path below the stack's folder to bind, read-only unless said otherwise; unset for a named volume
	ReadOnly Bool
}

// Config is a text file in the container.
type Config struct {
	Range   source.Range
	Name    string
	Path    String // absolute, in the container
	Content Text
	Mode    Int // permission bits; unset for the default
}

// Writable is a path on the read-only root that stays writable, in memory.
type Writable struct {
	Path String
	Size Bytes
	Exec Bool
}

// Health is a health check: exactly one of HTTP, TCP and Command is set.
type Health struct {
	Range       source.Range
	HTTP        String   // path
	TCP         Bool     // connect to Port
	Port        String   // name of a Port; unset when the service has just one
	Command     []String // exec form, or a single string for the shell
	Shell       bool
	Interval    String
	Timeout     String
	Retries     Int
	StartPeriod String
}

// Route publishes a path of a host through the ingress.
type Route struct {
	Declared
	Host           String
	Path           String
	Port           String // name of a Port; unset when the service has just one
	RateLimit      *RateLimit
	BodySize       Bytes
	ConnectTimeout Int // seconds
	ReadTimeout    Int
	SendTimeout    Int
	WebSocket      Bool
	StripPrefix    Bool
	Headers        []EnvVar
	AllowFrom      []String

	index int // of its block among the routes of its service
}

// RateLimit is requests per window for each client address.
type RateLimit struct {
	Range    source.Range
	Requests Int
	Window   Int // seconds
	Burst    Int // requests at once; unset for Requests
	Off      Bool
}

// Volume is a named volume that several services may share.
type Volume struct {
	Declared
	Name string
}

// Secret is a declared secret, or one that a kind declares.
type Secret struct {
	Declared
	Kind       String
	Bytes      Int
	Length     Int
	CA         Bool
	SignedBy   string // address of the CA's secret
	CommonName String
	Hosts      []String
	Days       Int
	Client     Bool
	Bits       Int
	Pattern    String
	MinLength  Int
	MaxAge     Int // days
	// RotateAfter is the age, in days, after which doctor and list say that a
	// rotation is due.
	RotateAfter Int
	Rotation    *Rotation // nil without a block
}

// SecretStore says where the values of the environment's secrets are kept.
type SecretStore struct {
	Range source.Range // of the secrets block
	Kind  String       // "file", "age", "vault", "aws", "kubernetes" or "exec"; its place is that of the store's own block

	File        String   // age: below the stack's folder
	Recipients  []String // age: public keys
	Address     String   // vault: URL
	Mount       String   // vault
	Path        String   // vault: path; aws: secret; kubernetes: key in the external store
	Namespace   String   // vault, kubernetes
	Auth        String   // vault: "token" or "approle"
	Region      String   // aws
	Form        String   // kubernetes: "Secret" or "ExternalSecret"
	Name        String   // kubernetes: of the Secret
	External    String   // kubernetes: name of the SecretStore
	Command     []String // exec
	Environment []String // exec: names of variables that it gets
	Timeout     Int      // seconds for one request
}

// Ingress is the nginx that publishes routes.
type Ingress struct {
	Declared
	Image String
	// Version is the nginx release in the image, "1.30.4", for an image whose
	// tag does not say.
	Version      String
	HTTPPort     Int // host port
	HTTPSPort    Int
	Address      String // host address to publish on; unset for every address
	Profile      String
	Certificate  *Certificate
	RateLimit    *RateLimit
	HSTS         *HSTS
	TrustedProxy []String
	IPv6         Bool
	BodySize     Bytes
	CPUs         Float
	Memory       Bytes
}

// HSTS overrides the posture's Strict-Transport-Security.
type HSTS struct {
	Range             source.Range
	MaxAge            Int // seconds
	IncludeSubDomains Bool
	Preload           Bool
}

// Certificate says where the ingress's certificate comes from.
type Certificate struct {
	Range  source.Range
	Source string // "local", "files"
	// Certificate and PrivateKey are set for "files".
	Certificate String
	PrivateKey  String
}

// Firewall is what ufw must do.
type Firewall struct {
	Declared
	SSHRange source.Range
	SSHPort  Int
	SSHFrom  []String
	SSHLimit Bool
	Allow    []Allow
}

// Allow opens a port of a process on the host.
type Allow struct {
	Range    source.Range
	Name     string
	Port     Int
	Protocol String
	From     []String
}
