package review

import (
	"fmt"
	"strings"

	"nselfc/compiler/model"
	"nselfc/compiler/reference"
)

// service looks at what a container may do, and what confines it. before is empty
// for a service that is new: what is then weaker than the default is a risk too.
func (r *reviewer) service(c *model.Change) {
	r.published(c)
	if c.After == nil {
		return // what goes takes its rights along
	}
	r.image(c)
	r.rights(c)
	r.limits(c)
	r.binds(c)
	r.environment(c)
	r.logins(c)
	r.reach(c)
	r.raw(c)
	if object(c.After, "tls") != nil || object(c.Before, "tls") != nil {
		r.edge(c)
	}
}

// published looks at ports of the host.
func (r *reviewer) published(c *model.Change) {
	before, after := object(c.Before, "publish"), object(c.After, "publish")
	for _, port := range came(before, after) {
		host := port[:strings.LastIndexByte(port, ':')]
		path := []string{"publish", port}
		if _, was := before["*"+port[len(host):]]; was {
			continue // every address, this one too, was open before
		}
		if loopback(host) {
			r.add(c, finding{
				code: "NS702", severity: Low, path: path,
				detail: fmt.Sprintf("%s opens %s: every user and process of the host reaches it.", c.Address, port),
			})
			continue
		}
		r.add(c, finding{
			code: "NS702", severity: High, path: path,
			detail: fmt.Sprintf("%s opens %s of the host: whoever reaches the host reaches it.", c.Address, port),
		})
	}
	for _, port := range came(after, before) {
		r.add(c, finding{code: "NS702", safer: true, path: []string{"publish", port}, detail: fmt.Sprintf("%s no longer opens %s of the host.", c.Address, port)})
	}
}

// image looks at whether it is known today what will run tomorrow.
func (r *reviewer) image(c *model.Change) {
	was, is := text(c.Before, "image"), text(c.After, "image")
	built, builds := object(c.Before, "build"), object(c.After, "build")
	switch {
	case was == is:
		return
	case c.Before != nil && is == "" && builds != nil:
		r.add(c, finding{code: "NS724", severity: Medium, path: []string{"build"}, detail: fmt.Sprintf("%s ran %s and is built from %s now: other code, with the same rights, networks and secrets.", c.Address, was, text(builds, "context"))})
		return
	case is == "":
		return
	case was == "" && built != nil:
		r.add(c, finding{code: "NS724", severity: Medium, path: []string{"image"}, detail: fmt.Sprintf("%s was built from %s and now runs %s: another publisher's code, with the same rights, networks and secrets.", c.Address, text(built, "context"), is)})
	}
	before, after := pinning(was), pinning(is)
	path := []string{"image"}
	switch {
	case was == "" && after == floating:
		r.add(c, finding{code: "NS714", severity: Medium, path: path, detail: fmt.Sprintf("%s runs %s, whose tag will mean another image tomorrow. Name a version and a digest.", c.Address, is)})
	case was == "":
	case after < before:
		how := "by its digest"
		if before == versioned {
			how = "to a version"
		}
		r.add(c, finding{code: "NS714", severity: Medium, path: path, detail: fmt.Sprintf("%s was pinned %s and is not any more: what %s means can change without a commit.", c.Address, how, is)})
	case after > before:
		r.add(c, finding{code: "NS714", safer: true, path: path, detail: fmt.Sprintf("%s is pinned more tightly: %s.", c.Address, is)})
	}
	if a, err := reference.Parse(was); err == nil {
		b, err := reference.Parse(is)
		if err == nil && a.Name != b.Name {
			r.add(c, finding{code: "NS724", severity: Medium, path: path, detail: fmt.Sprintf("%s ran %s and now runs %s: another publisher's code, with the same rights, networks and secrets.", c.Address, a.Name, b.Name)})
		}
	}
}

// How firmly a reference is tied to one image.
const (
	floating = iota
	versioned
	pinned
)

func pinning(image string) int {
	i, err := reference.Parse(image)
	switch {
	case err != nil || i.Floating():
		return floating
	case i.Digest == "":
		return versioned
	}
	return pinned
}

// rights looks at what the kernel lets the container do.
func (r *reviewer) rights(c *model.Change) {
	for _, name := range came(object(c.Before, "capabilities"), object(c.After, "capabilities")) {
		r.add(c, finding{code: "NS710", severity: High, path: []string{"capabilities", name}, detail: fmt.Sprintf("%s gets the capability %s.", c.Address, name)})
	}
	for _, name := range came(object(c.After, "capabilities"), object(c.Before, "capabilities")) {
		r.add(c, finding{code: "NS710", safer: true, path: []string{"capabilities"}, detail: fmt.Sprintf("%s gives up the capability %s.", c.Address, name)})
	}
	isNew := c.Before == nil
	was, is := truth(c.Before, "read_only") || isNew, truth(c.After, "read_only")
	r.either(c, "NS711", Medium, []string{"read_only"}, was && !is, !was && is,
		c.Address+" may write to its own root file system: whoever gets in can leave a program there.",
		c.Address+" can no longer write to its root file system.")
	wasRoot, isRoot := root(c.Before), root(c.After)
	r.either(c, "NS712", High, []string{"user"}, isRoot && (isNew || !wasRoot), !isNew && wasRoot && !isRoot,
		c.Address+" runs as root, or as whoever its image says.",
		c.Address+" no longer runs as root.")
	for _, target := range names(object(c.After, "tmpfs")) {
		was, is := truth(c.Before, "tmpfs", target, "exec"), truth(c.After, "tmpfs", target, "exec")
		r.either(c, "NS711", Low, []string{"tmpfs", target, "exec"}, is && !was, false,
			fmt.Sprintf("%s may run programs that it writes to %s.", c.Address, target), "")
	}
}

// root tells whether a container runs as root.
func root(attributes map[string]any) bool {
	uid, _, _ := strings.Cut(text(attributes, "user"), ":")
	return attributes != nil && strings.Trim(uid, "0") == ""
}

// limits looks at what bounds a container, and at its health check.
func (r *reviewer) limits(c *model.Change) {
	if c.Before == nil {
		return
	}
	for _, name := range []string{"memory", "cpus", "pids"} {
		was, is := number(c.Before, name), number(c.After, name)
		r.either(c, "NS706", Low, []string{name}, was > 0 && is > was, false,
			fmt.Sprintf("%s may use more of the host: the limit of %s is raised.", c.Address, name), "")
		r.either(c, "NS706", Medium, []string{name}, was > 0 && is == 0, was == 0 && is > 0,
			fmt.Sprintf("%s has no limit of %s any more: one service can take the whole host down.", c.Address, name),
			fmt.Sprintf("%s has a limit of %s now.", c.Address, name))
	}
	was, is := object(c.Before, "healthcheck") != nil, object(c.After, "healthcheck") != nil
	r.either(c, "NS707", Medium, []string{"healthcheck"}, was && !is, !was && is,
		c.Address+" has no health check any more: one that hangs stays in use, and what needs it starts too early.",
		c.Address+" has a health check now.")
}

// binds looks at folders of the host.
func (r *reviewer) binds(c *model.Change) {
	for _, target := range names(object(c.After, "volumes")) {
		bind := text(c.After, "volumes", target, "bind")
		if bind == "" {
			r.volume(c, target)
			continue
		}
		same := text(c.Before, "volumes", target, "bind") == bind
		writes, wrote := !truth(c.After, "volumes", target, "read_only"), same && !truth(c.Before, "volumes", target, "read_only")
		path := []string{"volumes", target}
		switch {
		case writes && !wrote:
			r.add(c, finding{code: "NS713", severity: High, path: path, detail: fmt.Sprintf("%s may change %s on the host, as %s.", c.Address, bind, target)})
		case !same:
			r.add(c, finding{code: "NS713", severity: Medium, path: path, detail: fmt.Sprintf("%s sees %s of the host, as %s, read-only.", c.Address, bind, target)})
		case wrote && !writes:
			r.add(c, finding{code: "NS713", safer: true, path: path, detail: fmt.Sprintf("%s can no longer change %s on the host.", c.Address, bind)})
		}
	}
}

// volume looks at a named volume that stays.
func (r *reviewer) volume(c *model.Change, target string) {
	name := text(c.After, "volumes", target, "volume")
	if name == "" || text(c.Before, "volumes", target, "volume") != name {
		return
	}
	was, is := truth(c.Before, "volumes", target, "read_only"), truth(c.After, "volumes", target, "read_only")
	r.either(c, "NS711", Low, []string{"volumes", target, "read_only"}, was && !is, !was && is,
		fmt.Sprintf("%s may change what is in the volume at %s.", c.Address, target),
		fmt.Sprintf("%s can no longer change what is in the volume at %s.", c.Address, target))
}

// environment looks at secrets among the variables.
func (r *reviewer) environment(c *model.Change) {
	before, after := object(c.Before, "secret_env"), object(c.After, "secret_env")
	for _, name := range came(before, after) {
		r.add(c, finding{
			code: "NS716", severity: Medium, path: []string{"secret_env", name},
			detail: fmt.Sprintf("The variable %s of %s holds a secret: docker inspect prints it, and child processes and crash reports have it.", name, c.Address),
		})
	}
	for _, name := range came(after, before) {
		r.add(c, finding{code: "NS716", safer: true, path: []string{"secret_env", name}, detail: fmt.Sprintf("The variable %s of %s holds a secret no longer.", name, c.Address)})
	}
}

// raw looks at settings that go to Compose as they are.
func (r *reviewer) raw(c *model.Change) {
	before, after := object(c.Before, "extra_compose"), object(c.After, "extra_compose")
	var changed []string
	for _, name := range names(after) {
		if !model.Equal(before[name], after[name]) {
			changed = append(changed, name)
		}
	}
	if len(changed) > 0 {
		r.add(c, finding{
			code: "NS721", severity: Medium, path: []string{"extra_compose"},
			detail: fmt.Sprintf("%s hands %s to Compose as it stands: nselfc knows what is forbidden there, and not what it does.", c.Address, list(changed)),
		})
	}
}
