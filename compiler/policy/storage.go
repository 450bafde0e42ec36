package policy

import "nselfc/compiler/ir"

// severalWriters: what keeps a second server out of a data folder, a lock file
// that names a process, does not work from one container to another.
func severalWriters() Rule {
	return Rule{
		Code: "NS355", Title: "Several stores on one volume", Production: Error, Development: Error,
		Theme: Stores, Severity: Critical, Held: ByCheck,
		References: []string{"PostgreSQL, Starting the Database Server", "Redis, Persistence"},
		Check: func(stack *ir.Stack, report func(Finding)) {
			writers := map[string]*ir.Service{} // by volume, or folder of the host
			for _, s := range stack.Services {
				if s.Store.V == "" {
					continue
				}
				for _, v := range s.Volumes {
					if v.ReadOnly.V {
						continue
					}
					if s.Replicas.V > 1 {
						report(about(s, s.Replicas.Range,
							"%s stores data (store = %q) and runs %d containers, which would all write to the one volume at %s. Each takes the data for "+
								"its own, and together they destroy it. Run one container:\n\n    replicas = 1\n\nFor several that copy from each other, "+
								"declare a service, with a volume of its own, for each.", s.Address, s.Store.V, s.Replicas.V, v.Target.V))
						break // one finding, however many volumes
					}
					name := v.Volume + v.Bind
					if first := writers[name]; first != nil && first != s {
						report(about(s, v.Origin.Range,
							"%s and %s both store data, and would both write to the volume that stands at %s here. Each takes the data for its own, and "+
								"together they destroy it. Give each a volume of its own:\n\n    volume \"data\" {\n      path = \"%s\"\n    }",
							first.Address, s.Address, v.Target.V, v.Target.V))
						break
					}
					writers[name] = s
				}
			}
		},
	}
}
