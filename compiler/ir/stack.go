// Package ir is the intermediate representation: everything that the emitters
// need and nothing that they would have to decide. It is plain, sorted data in
// which every leaf knows the source that caused it. It has no behaviour but
// Sort and Equal, knows no syntax, and holds no secret: where an output needs
// one, it holds a secret.Text.
package ir

import (
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// Short names for the leaves, which are nearly all strings and numbers.
type (
	String = source.Value[string]
	Int    = source.Value[int]
	Bytes  = source.Value[int64] // a size in bytes
	Bool   = source.Value[bool]
	Text   = source.Value[secret.Text]
)

// Posture is how strict an environment is.
type Posture uint8

// Production hardens every default; Development relaxes what a laptop needs.
const (
	Production Posture = iota
	Development
)

// String gives the word of the language.
func (p Posture) String() string { return [...]string{"production", "development"}[p] }

// Stack is one environment of a stack, lowered. Every slice is sorted by the
// name of its elements unless its comment says otherwise.
type Stack struct {
	Name        String
	Domain      String // unset where the stack declares none; no emitter reads it
	Environment string // "" for the nameless one of a stack without environments
	Posture     Posture
	PostureAt   source.Origin // zero where nobody wrote it
	Project     string        // compose project name: the stack's name, and "-" and the environment where there is one
	Kinds       []*Kind       // what the rest was made from, for people; no emitter reads it
	Services    []*Service
	Networks    []*Network
	Volumes     []*Volume
	Files       []*File
	Secrets     []*Secret
	Store       *SecretStore // where the values come from; nil is .secrets itself
	Ingress     *Ingress     // nil when nothing is published
	Firewall    *Firewall    // nil when the stack declares none
	OwnRules    []Rule       // the rules that the stack itself declares
	Waivers     []*Waiver    // by code, then by what they are on; no emitter reads them
	// MaxWaiverDays is how many days ahead a waiver may end.
	MaxWaiverDays Int
}

// Kind is one use of a kind or module, by its arguments.
type Kind struct {
	Address string // "postgres.main", "module.edge"
	Type    string // "postgres", "module"
	Origin  source.Origin
	Site    source.Range // as a service's
	Args    []Argument   // by name
}

// Argument is one argument of a kind. Strings in its value may hold secret tokens.
type Argument struct {
	Name   string
	Value  source.Value[cty.Value]
	Inside []source.Place // of the attributes that are written out
}

// Service is one compose service.
type Service struct {
	Name    string // compose service name and host name on its networks
	Address string // "service.api", `service.web["eu"]`, "redis.cache.service.main", "ingress"
	Origin  source.Origin
	// Site is where a user can act: the outermost kind or module block that the
	// service comes from, or else the header of its own block.
	Site source.Range

	Image      String // empty when Build is set and no name is wanted
	Build      *Build
	Entrypoint []String
	Command    []String
	User       String // numeric "uid:gid"
	Job        bool   // ends by itself: what needs it waits for its end
	Store      String // "postgres", "redis" …: a store can never be published
	Ports      []Port // container ports, by number; none of them is published
	Publish    []Publish
	Env        []EnvVar
	EnvFile    String // path, below the output directory, of the git-ignored env file; "" when no env value is secret
	Secrets    []Mount
	Configs    []Mount
	Volumes    []VolumeMount
	Tmpfs      []Tmpfs
	Health     *Health
	CPUs       source.Value[float64] // cores
	Memory     Bytes
	Pids       Int
	Replicas   Int
	Restart    String // compose restart policy
	StopGrace  String // compose duration, "30s"
	Init       Bool
	ReadOnly   Bool
	CapAdd     []String // every capability is dropped first
	Networks   []Attachment
	DependsOn  []Dependency            // transitively reduced
	Digest     string                  // sha256 over the committed form of the files it mounts: a change recreates the container
	Extra      source.Value[cty.Value] // extra_compose, validated; an object or unset
	ExtraKeys  []String                // where each key of Extra stands, if it is written out
}

// Build is a build context below the stack's folder.
type Build struct {
	Origin     source.Origin
	Context    String // path relative to the output directory
	Dockerfile String
	Target     String
	Args       []EnvVar
}

// Port is a port that the container listens on.
type Port struct {
	Name      String
	Container Int    // 1–65535
	Protocol  String // "tcp" or "udp"
}

// Publish opens a host port. Only the ingress and, on a laptop, loopback have any.
type Publish struct {
	HostIP    String // "" for every address, IPv4 and IPv6
	Host      Int    // 1–65535
	Container Int
	Protocol  String
}

// EnvVar is one environment variable of a container, or one build argument.
type EnvVar struct {
	Name  string
	Value String
}

// Mount puts one rendered file into a container, read-only.
type Mount struct {
	Origin source.Origin
	Name   string // unique in the stack: the compose secret name
	File   string // path of the File, below the output directory
	Target string // absolute path in the container
	Mode   uint32
}

// VolumeMount mounts a named volume, or a host path below the stack's folder.
type VolumeMount struct {
	Origin   source.Origin
	Volume   string // key in Stack.Volumes; "" for a bind
	Bind     string // path relative to the output directory; "" for a named volume
	Target   String
	ReadOnly Bool
}

// Tmpfs is a sized, noexec, nosuid, nodev memory file system.
type Tmpfs struct {
	Target String
	Size   Bytes
	Mode   uint32 // 0o1777 for scratch space shared by users, 0o700 otherwise
	Exec   Bool   // some images unpack code to a scratch directory
}

// Health is a health check. Test is compose's list form, "CMD" or "CMD-SHELL" first.
type Health struct {
	Origin      source.Origin
	Test        []string
	Interval    String
	Timeout     String
	Retries     Int
	StartPeriod String
}

// Attachment joins a service to a network.
type Attachment struct {
	Origin  source.Origin
	Network string
	Aliases []string
}

// Dependency orders the start of services.
type Dependency struct {
	Origin    source.Origin
	Service   string
	Condition string // "service_healthy", "service_started", "service_completed_successfully"
}

// Network is a bridge network.
type Network struct {
	Name     string
	Origin   source.Origin
	Internal bool   // no route out of the host
	Subnet   string // IPv4 CIDR
	Subnet6  string // IPv6 CIDR; "" for a network of IPv4 alone
	Bridge   string // host interface name, "nself-" first, at most 15 characters (IFNAMSIZ)
	Purpose  string // "provider", "egress", "edge"
	Owner    string // address of the service that it serves
}

// Volume is a named volume.
type Volume struct {
	Name   string
	Origin source.Origin
	Labels []EnvVar
}

// File is a text that a container reads. When Content holds a secret the file
// is rendered at materialise time and never committed; Path then starts with
// ".secrets.d/".
type File struct {
	Path    string // slash-separated, below the output directory
	Origin  source.Origin
	Mode    uint32 // 0o644 for committed files, 0o444 for secret ones
	Content secret.Text
}
