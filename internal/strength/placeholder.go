package strength

import (
	"regexp"
	"strings"
	"sync"
)

// placeholder tells what stands in an example where a value is to be put.
func placeholder(value string) bool {
	if len(value) > maxLooked {
		return false
	}
	lower := strings.ToLower(strings.TrimSpace(value))
	switch strings.Trim(lower, `"'`) {
	case "null", "nil", "none", "undefined", "n/a", "na", "tbd", "todo", "fixme", "redacted", "[redacted]", "hidden", "unset", "empty", "secret", "value", "string", "true", "false":
		return true
	}
	if strings.Trim(lower, "x-_ ") == "" || strings.Trim(lower, "*") == "" || strings.Trim(lower, ".…") == "" || strings.Trim(lower, "?") == "" {
		return true
	}
	return slot().MatchString(lower) || instruction().MatchString(lower)
}

// slot is a whole value that names a place: <your-key>, ${KEY}, {{ key }}, %KEY%,
// __KEY__, [key], $(command), $KEY.
var slot = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:<[^<>]+>|\$\{[^{}]+\}|\$\([^()]*\)|\$[a-z_][a-z0-9_]*|\{\{.*\}\}|%[a-z_]+%|__[a-z_]+__|\[[a-z _-]+\]|\{[a-z_]+\}|@@.*@@)$`)
})

// instruction is what an example says to its reader, anywhere in a value. Each is
// long enough that no random value of a reasonable length has it.
var instruction = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`change[-_. ]?(?:me|this|it|before|in[-_ ]prod)|replace[-_. ]?(?:me|this|with|in)|put[-_ ]?your|\b(?:insert|enter|paste|type)[-_ ](?:your|a|the|here)(?:\b|_)|place[-_]?holder` +
		`|your[-_. ](?:own|secret|super|password|key|api|token|jwt|strong|very|random|long|database|db|encryption|account)|(?:secret|password|key|token)[-_]here|fill[-_ ]?(?:me|this|in)[-_ ]` +
		`|generate[-_ ]?(?:me|a|this|your|new)[-_ ]|do[-_]?not[-_]?use|not[-_ ]?(?:so[-_ ]?)?(?:secure|secret)|in-?secure|unsecure|^todo[-_: ]|\bfixme\b|xxxxxx|at[-_ ]least[-_ ]\d\d|minimum[-_ ]\d\d|examplekey`)
})

// Sample tells whether a password in a text is one for show: four fifths of it or
// more are words of templates and examples.
func Sample(value string) bool {
	lower := strings.ToLower(value)
	hit := make([]bool, len(lower))
	markWords(hit, lower, append(placeholders(), "user", "pass", "word", "value", "token"))
	return count(hit)*10 >= len(lower)*8
}
