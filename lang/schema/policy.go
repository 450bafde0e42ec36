package schema

// policy is what a stack says of the rules that it is judged by.
func policy() *Block {
	return &Block{
		Name: "policy",
		Doc: "What the stack says of the rules that it is judged by (`nselfc explain CODE` tells of each): which findings somebody has accepted, for how long and why. At the top of a stack it is for all environments; " +
			"inside an environment, for that one besides. A module or kind has none: only the stack that is deployed answers for what it accepts. `docs/policy.md` shows waivers at work.",
		Args: []Argument{
			{Name: "max_waiver_days", Type: Integer, Default: "180", Doc: "How many days ahead of today a waiver may end at most, 1 to 366. An environment's own goes before that of all."},
		},
		Blocks:  []Nested{{Block: waive()}},
		Example: "policy {\n  waive \"NS312\" {\n    on     = service.legacy\n    reason = \"The vendor's image unpacks its plugins to /opt when it starts.\"\n    owner  = \"ops@example.com\"\n    until  = \"2027-03-01\"\n    ticket = \"OPS-42\"\n  }\n}",
	}
}

func waive() *Block {
	return &Block{
		Name: "waive", Labels: []string{"code"},
		Doc: "Accepts the findings of one rule, the one of the code, about one thing until a day. They are shown wherever findings are, and stop nothing. From the day after, they count again, and an error says whose waiver it was. A waiver that accepts nothing is an error too.",
		Args: []Argument{
			{Name: "on", Type: Ref, Doc: "What the findings are about: a service or one of its instances, `ingress`, `firewall`, `stack` for what belongs to no block, or a kind or module with all that it is made of. An address inside one, such as `postgres.main.service.main`, is a reference too; so is `volume[\"web_data\"]` or `network[\"web\"]`, as findings of `rule` blocks call them. Without it, the waiver is for the whole stack, which rules of severity high and critical do not allow.", Example: "on = service.legacy"},
			{Name: "reason", Type: String, Required: true, Doc: "Why this is accepted, for whoever reviews it: 20 characters at least."},
			{Name: "owner", Type: String, Required: true, Doc: "Who answers for it: an address, a name or a team.", Example: `owner = "ops@example.com"`},
			{Name: "until", Type: String, Required: true, Doc: "The last day on which it holds (UTC).", Example: `until = "2027-03-01"`},
			{Name: "ticket", Type: String, Doc: "Where the work is tracked that ends it.", Example: `ticket = "OPS-42"`},
		},
	}
}
