package schema

// severities are those of the catalogue of built-in rules, gravest first.
var severities = []string{"critical", "high", "medium", "low", "info"}

func assert(over string) *Block {
	return &Block{
		Name: "assert", Doc: "What must be true. Several stand side by side; each is looked at by itself.",
		Args: []Argument{
			{Name: "condition", Type: Expr, Required: true, Doc: "An expression over " + over + " that must be true.", Example: `condition = startswith(each.value.image, "ghcr.io/acme/")`},
			{Name: "message", Type: String, Required: true, Doc: "What to tell whoever breaks it: what is wrong, why it matters, and what to write instead.", Example: `message = "${each.key} runs ${each.value.image}, which is not ours."`},
		},
	}
}

func rule() *Block {
	return &Block{
		Name: "rule", Labels: []string{"id"},
		Doc: "A rule of the stack's own, such as `ORG-001`: upper-case letters and digits, in parts with a hyphen between them; `NS` begins the built-in ones. It is judged on the model of every environment, which docs/rules-of-your-own.md describes, and its findings are reported like those of built-in rules, under its own code. In the folder of a module it sees the model of the whole stack, and the module's variables.",
		Args: []Argument{
			{Name: "title", Type: String, Doc: "What a finding is called, in a few words; the rule's code by default.", Example: `title = "Image from a foreign registry"`},
			{Name: "severity", Type: String, Required: true, Enum: severities, Doc: "How much is lost where the rule is broken. A finding is an error for `critical` and `high`, which stops a build, a warning for `medium`, and a note for `low` and `info`."},
			{Name: "waivable", Type: Bool, Default: "true", Doc: "Whether a waive block may accept the rule's findings. With `false` nobody may, and a waiver of it is an error.", Example: "waivable = false"},
			{Name: "for_each", Type: Expr, Doc: "Judges each element of a map, a list or a set: `each.key` and `each.value` are the element's. Without it the rule is judged once.", Example: "for_each = services"},
			{Name: "doc", Type: String, Doc: "Why the rule is there; `nselfc explain` prints it."},
			{Name: "ref", Type: Strings, Doc: "Where it comes from: a benchmark, a standard, a page.", Example: `ref = ["CIS Docker Benchmark 5.14"]`},
		},
		Blocks: []Nested{
			{Block: assert("the model"), Min: 1},
			{Block: &Block{
				Name: "example", Labels: []string{"name"},
				Doc: "A small stack that keeps the rule, or one that breaks it; `nselfc test` judges it. The text is that of a stack's file; a stack block named `example` is added where there is none.",
				Args: []Argument{
					{Name: "passes", Type: String, Doc: "A stack in which the rule finds nothing.", Example: "passes = <<-HCL\n  service \"api\" {\n    image = \"ghcr.io/acme/api:1.4.2\"\n  }\nHCL"},
					{Name: "fails", Type: String, Doc: "A stack in which the rule finds something."},
				},
			}},
		},
		Example: "rule \"ORG-001\" {\n  title    = \"Image from a foreign registry\"\n  severity = \"high\"\n  for_each = { for name, s in services : name => s if s.build == null && s.kind == \"\" }\n  assert {\n    condition = each.value.registry == \"ghcr.io\"\n    message   = \"${each.value.image} comes from ${each.value.registry}. Mirror it to ghcr.io/acme first.\"\n  }\n}",
	}
}

func test() *Block {
	return &Block{
		Name: "test", Labels: []string{"name"},
		Doc: "Compiles the stack in memory and holds the outcome against what is expected. Errors that nothing expects fail the test; warnings and notes do not.",
		Args: []Argument{
			{Name: "environment", Type: String, Doc: "The environment to compile. It must be named where the stack has several.", Example: `environment = "prod"`},
			{Name: "variables", Type: Any, Doc: "Values of variables, instead of those of the environment.", Example: `variables = { domain = "test.example.com" }`},
			{Name: "expect_error", Type: Strings, Doc: "Codes of errors. Each must be reported, and no other error.", Example: `expect_error = ["NS217"]`},
			{Name: "expect_finding", Type: Strings, Doc: "Codes of findings of any severity, built-in rules' and the stack's own. Each must be reported.", Example: `expect_finding = ["ORG-001"]`},
		},
		Blocks: []Nested{
			{Block: assert("the model, `artefacts` (the text of every committed file by its path below the output directory) and `compose` (docker-compose.yml, decoded)")},
		},
		Example: "test \"the API is reached over TLS only\" {\n  environment = \"prod\"\n  assert {\n    condition = length(services[\"api\"].publish) == 0\n    message   = \"The API opens a port of the host.\"\n  }\n  assert {\n    condition = strcontains(artefacts[\"nginx/nginx.conf\"], \"ssl_protocols\")\n    message   = \"nginx chooses its own protocols.\"\n  }\n}",
	}
}
