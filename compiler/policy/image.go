package policy

import (
	"fmt"
	"path"

	"nselfc/compiler/ir"
	"nselfc/compiler/reference"
)

func floatingTag() Rule {
	return Rule{
		Code: "NS310", Title: "Floating image tag", Production: Error, Development: Warning,
		Theme: Images, Severity: High, Held: ByCheck, Waivable: true,
		References: []string{"CIS Docker Benchmark 5.28", "Checkov CKV_DOCKER_7"},
		Check: eachService(func(s *ir.Service, report func(Finding)) {
			image, err := reference.Parse(s.Image.V)
			if err != nil || s.Build != nil || !image.Floating() {
				return
			}
			tag := "no tag, which means \"latest\""
			if image.Tag != "" {
				tag = "the tag \"" + image.Tag + "\", which names no version"
			}
			report(about(s, s.Image.Range,
				"The image %s of %s has %s. Tomorrow it is another image: two hosts run different code, a restart is an upgrade, and there is "+
					"nothing to go back to. Name a version, and best a digest too:\n\n    image = \"%s:%s\"", s.Image.V, s.Address, tag, image.Name, exampleTag(image)))
		}),
	}
}

// exampleTag gives a tag that may be copied: one that exists, where the image is
// well known, and no nginx that would be refused next.
func exampleTag(image reference.Image) string {
	switch path.Base(image.Name) {
	case "nginx":
		return safeNginx
	case "postgres":
		return "17.12"
	case "redis":
		return "8.2.9"
	}
	return "1.4.2"
}

// missingDigest speaks once of each image, however many services run it: there is
// one digest to look up, and most often one place to write it.
func missingDigest() Rule {
	return Rule{
		Code: "NS311", Title: "Image without a digest", Production: Warning,
		Theme: Images, Severity: Medium, Held: ByCheck, Waivable: true,
		References: []string{"CIS Docker Benchmark 5.28", "OWASP Docker D13"},
		Check: eachService(func(s *ir.Service, report func(Finding)) {
			image, err := reference.Parse(s.Image.V)
			if err != nil || s.Build != nil || image.Digest != "" || image.Floating() {
				return // a floating tag has a finding of its own
			}
			f := about(s, s.Image.Range,
				"The image %s of %s has no digest. Its owner, or whoever gets hold of the registry, can put other code behind the same tag. "+
					"`docker buildx imagetools inspect %s` prints the digest:\n\n    image = \"%s@sha256:…\"", s.Image.V, s.Address, s.Image.V, s.Image.V)
			f.Same = s.Image.V
			report(f)
		}),
	}
}

// safeNginx is the oldest stable release without the faults that outdatedNginx
// names.
const safeNginx = "1.30.4"

func outdatedNginx() Rule {
	return Rule{
		Code: "NS339", Title: "Outdated nginx", Production: Warning,
		Theme: Images, Severity: High, Held: ByCheck, Waivable: true,
		References: []string{"nginx.org, security advisories: CVE-2026-42945, CVE-2026-9256, CVE-2026-42533, CVE-2026-60005"},
		Check: func(s *ir.Stack, report func(Finding)) {
			if s.Ingress == nil {
				return
			}
			v := s.Ingress.Version
			switch mainline := v.AtLeast(1, 31, 0); {
			case v.AtLeast(1, 31, 3), !mainline && v.AtLeast(1, 30, 4):
				return
			case !v.AtLeast(1, 22, 0):
				return // refused, by NS370
			}
			at := s.Ingress.Origin.Range
			for _, service := range s.Services {
				if service.Name == s.Ingress.Service && service.Image.IsSet() {
					at = service.Image.Range
				}
			}
			report(Finding{At: at, Address: "ingress", Detail: fmt.Sprintf("nginx %d.%d.%d has known faults that let a client run code in it or read its memory; they are mended in "+
				"1.30.4 and 1.31.3. It is the one service that the whole internet talks to. Write:\n\n    image = \"nginx:%s\"", v.Major, v.Minor, v.Patch, safeNginx)})
		},
	}
}
