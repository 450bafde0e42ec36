package policy

import (
	"regexp"
	"slices"
	"strings"

	"nselfc/compiler/ir"
)

// debugger: switches that tutorials turn on to see more, and that show it to everybody.
func debugger() Rule {
	return Rule{
		Code: "NS1561", Title: "Debugger in production", Production: Error,
		Theme: Edge, Severity: High, Held: ByCheck, Waivable: true,
		References: []string{"OWASP Error Handling", "CWE-489", "CWE-215"},
		Check: eachService(func(s *ir.Service, report func(Finding)) {
			for _, v := range s.Env {
				if what := shownBy(v); what != "" {
					report(about(s, v.Value.Range, "%s = %q gives %s. Switch it on where the environment is for development alone:\n\n"+
						"    variable \"debug\" {\n      default = \"\"\n    }\n\n    environment \"dev\" {\n      posture   = \"development\"\n      variables = { debug = %q }\n    }\n\n"+
						"    env = {\n      %s = var.debug\n    }", v.Name, v.Value.V, what, v.Value.V, v.Name))
				}
			}
			for _, word := range slices.Concat(s.Entrypoint, s.Command) {
				if option, what := listening(word.V); what != "" {
					report(about(s, word.Range, "%s gives %s. Take it out, or have it where the environment is for development alone:\n\n"+
						"    command = concat([\"…\"], stack.posture == \"development\" ? [%q] : [])", option, what, option))
				}
			}
		}),
	}
}

// shownBy says what a variable gives to everybody, or "".
func shownBy(v ir.EnvVar) string {
	what := ""
	switch strings.ToUpper(v.Name) {
	case "FLASK_DEBUG", "WERKZEUG_DEBUG":
		what = "a console in which whoever makes a page fail runs Python"
	case "APP_DEBUG", "DJANGO_DEBUG":
		what = "pages of errors that show variables, passwords among them, to whoever makes a page fail"
	case "HASURA_GRAPHQL_ENABLE_CONSOLE":
		what = "the console of Hasura, in which whoever has or guesses the admin secret changes the database"
	case "HASURA_GRAPHQL_DEV_MODE":
		what = "answers of Hasura that tell of its SQL and of what it calls"
	case "TRAEFIK_API_INSECURE":
		what = traefikAPI
	case "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_OPTS":
		_, what = listening(v.Value.V)
		return what
	}
	if !isOn(strings.ToLower(v.Value.V)) {
		return ""
	}
	return what
}

const traefikAPI = "the dashboard of Traefik without a password, and with it every route and service"

// listeners are options by which a program lets in whoever reaches a port of it, on
// every address of the container. The sign is what each has of a text in any case.
var listeners = [...]struct {
	sign   string
	option *regexp.Regexp
	what   string
}{
	{"--inspect", regexp.MustCompile(`--inspect(?:-brk|-wait)?=(?:0\.0\.0\.0|\[::\])\S*`), "a debugger of Node.js, in which whoever reaches the port runs JavaScript"},
	{"jdwp", regexp.MustCompile(`-(?:agentlib:|Xrun)jdwp\S*[=,]address=(?:\*|0\.0\.0\.0|\[::\]):\S*`), "a debugger of Java, in which whoever reaches the port runs code"},
	{".token=", regexp.MustCompile(`--(?:NotebookApp|ServerApp|IdentityProvider)\.token=(?:''|"")?(?:\s|$)`), "a notebook that asks for no token, in which whoever reaches the port runs Python"},
	{"--api.insecure", regexp.MustCompile(`--api\.insecure(?:=true)?(?:\s|$)`), traefikAPI},
}

// listening finds such an option in a text, and says what it gives; "" where there is
// none.
func listening(text string) (option, what string) {
	for _, l := range &listeners {
		if !strings.Contains(text, l.sign) {
			continue
		}
		if found := l.option.FindString(text); found != "" {
			return strings.TrimSpace(found), l.what
		}
	}
	return "", ""
}
