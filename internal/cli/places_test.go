package cli

import (
	"strings"
	"testing"
)

// sound is a stack without findings. Words in capitals are places for more.
const sound = `stack "shop" {
}

service "api" {
  image = "IMAGE"

  port "http" {
    container = 8080
  }

  healthcheck {
    http = "/healthz"
  }

  route {
    host = "api.example.com"
  }
  SERVICE
}

ingress {
  image = "NGINX"
  tls {
    certificate {
      CERTIFICATE
    }
  }
  INGRESS
}

firewall {
  ssh {
    port = 22
  }
  FIREWALL
}
TOP
`

// atPlaces are stacks with one fault. The finding's place stands between « and ».
var atPlaces = []struct{ code, where, text string }{
	{"NS300", "IMAGE", `«"UPPER case!!"»`},
	{"NS310", "IMAGE", `«"ghcr.io/acme/api:latest"»`},
	{"NS311", "IMAGE", `«"ghcr.io/acme/api:1.4.2"»`},
	{"NS339", "NGINX", `«"nginx:1.28.0@sha256:` + digest + `"»`},
	{"NS370", "NGINX", `«"nginx:1.18.0@sha256:` + digest + `"»`},
	{"NS340", "CERTIFICATE", "«local» {}"},
	{"NS301", "SERVICE", `user = «"postgres"»`},
	{"NS313", "SERVICE", `user = «"0:0"»`},
	{"NS302", "SERVICE", `capabilities = ["CHOWN", «"FOO"»]`},
	{"NS314", "SERVICE", `capabilities = ["CHOWN", «"NET_RAW"»]`},
	{"NS309", "SERVICE", "env = {\n    OK     = \"1\"\n    \"1BAD\" = «\"x\"»\n  }"},
	{"NS1810", "SERVICE", "env = {\n    LOG         = \"x\"\n    DB_PASSWORD = «\"tiger\"»\n  }"},
	{"NS1923", "SERVICE", "env = {\n    POSTGRES_HOST_AUTH_METHOD = «\"trust\"»\n  }"},
	{"NS361", "SERVICE", "extra_compose = {\n    «privileged» = true\n  }"},
	{"NS361", "SERVICE", "extra_compose = {\n    «\"nonsense\"» = true\n  }"},
	{"NS362", "SERVICE", "extra_compose = {\n    «shm_size» = \"lots\"\n  }"},
	{"NS360", "SERVICE", "extra_compose = «{\n    hostname = \"x\"\n  }»"},
	{"NS312", "SERVICE", "read_only = «false»"},
	{"NS318", "SERVICE", "volume \"v\" {\n    path      = \"/v\"\n    host      = \"./data\"\n    read_only = «false»\n  }"},
	{"NS305", "SERVICE", "volume \"v\" {\n    path = «\"relative\"»\n  }"},
	{"NS305", "SERVICE", "volume \"v\" {\n    path = «\"/etc\"»\n  }"},
	{"NS306", "SERVICE", "volume \"v\" {\n    path = \"/a\"\n  }\n  volume \"w\" {\n    path = «\"/a\"»\n  }"},
	{"NS331", "SERVICE", "«route» {\n    host = \"api.example.com\"\n  }"},
	{"NS332", "SERVICE", "route {\n    host = \"b.example.com\"\n    path = «\"/a/../b\"»\n  }"},
	{"NS330", "SERVICE", "route {\n    host = «\"b_example\"»\n  }"},
	{"NS344", "SERVICE", "route {\n    host = \"b.example.com\"\n    headers = {\n      X-Ok    = \"1\"\n      \"X Bad\" = «\"x\"»\n    }\n  }"},
	{"NS354", "INGRESS", `trusted_proxies = ["192.0.2.0/24", «"10.0.0.0/8"»]`},
	{"NS356", "INGRESS", `trusted_proxies = ["192.0.2.0/24", «"::/0"»]`},
	{"NS319", "FIREWALL", "allow \"db\" {\n    port = «5432»\n  }"},
	{"NS319", "FIREWALL", "allow \"db\" {\n    port = 5432\n    from = [\"192.0.2.0/24\", «\"::/0\"»]\n  }"},
	{"NS343", "FIREWALL", "allow \"again\" {\n    port = «22»\n  }"},
	{"NS343", "FIREWALL", "allow \"web\" {\n    port = «443»\n  }"},
	{"NS355", "TOP", "service \"s\" {\n  image    = \"ghcr.io/acme/s:1.4.2@sha256:" + digest + "\"\n  store    = \"pg\"\n  replicas = «2»\n\n  volume \"d\" {\n    path = \"/d\"\n  }\n\n  healthcheck {\n    command = [\"true\"]\n  }\n}"},
	{"NS315", "TOP", "«service \"s\"» {\n  image = \"ghcr.io/acme/s:1.4.2@sha256:" + digest + "\"\n}"},
	{"NS347", "TOP", "«service \"s\"» {\n  healthcheck {\n    command = [\"true\"]\n  }\n}"},
	{"NS2104", "TOP", waiveBlock("«\"NS3133\"»", "service.api", "2027-03-01")},
	{"NS2105", "TOP", waiveBlock("«\"NS317\"»", "service.api", "2027-03-01")},
	{"NS2101", "TOP", waiveBlock("\"NS312\"", "service.api", "«\"2026-11-01\"»")},
	{"NS2103", "TOP", "policy {\n  «waive \"NS312\"» {\n    on     = service.api\n    reason = \"The vendor's image writes there.\"\n    owner  = \"ops\"\n    until  = \"2027-03-01\"\n  }\n}"},
}

func waiveBlock(code, on, until string) string {
	if !strings.Contains(until, `"`) {
		until = `"` + until + `"`
	}
	return "policy {\n  waive " + code + " {\n    on     = " + on + "\n    reason = \"The vendor's image writes there.\"\n    owner  = \"ops\"\n    until  = " + until + "\n  }\n}"
}

// TestOneFindingAtItsPlace: a fault has one finding, and it points at the argument that is
// wrong, or where one is missing, or several are wrong together, at the head of its block.
func TestOneFindingAtItsPlace(t *testing.T) {
	for _, c := range atPlaces {
		t.Run(c.code, func(t *testing.T) {
			text := sound
			if c.where == "IMAGE" || c.where == "NGINX" {
				text = strings.Replace(text, `"`+c.where+`"`, c.text, 1)
			} else {
				text = strings.Replace(text, c.where+"\n", c.text+"\n", 1)
			}
			for place, rest := range map[string]string{
				"IMAGE": "ghcr.io/acme/api:1.4.2@sha256:" + digest, "NGINX": "nginx:1.30.4@sha256:" + digest,
				"CERTIFICATE\n": "files {\n        certificate = \"/etc/ssl/shop/fullchain.pem\"\n        private_key = \"/etc/ssl/shop/privkey.pem\"\n      }\n",
				"SERVICE\n":     "\n", "INGRESS\n": "\n", "FIREWALL\n": "\n", "TOP\n": "\n",
			} {
				text = strings.Replace(text, place, rest, 1)
			}
			before, rest, _ := strings.Cut(text, "«")
			want, after, ok := strings.Cut(rest, "»")
			if !ok {
				t.Fatal("no place is marked")
			}
			found := compiledIn(t, before+want+after, false)
			if len(found) != 1 || found[0].Code != c.code {
				t.Fatalf("found\n%s", told(found))
			}
			at := found[0].Subject
			whole := before + want + after
			if got := whole[at.Start.Byte:at.End.Byte]; got != want || int(at.Start.Byte) != len(before) {
				t.Errorf("it points at %q, and not at %q", got, want)
			}
		})
	}
}

// TestSoundStackHasNoFindings: or the test above would prove nothing.
func TestSoundStackHasNoFindings(t *testing.T) {
	text := strings.NewReplacer("IMAGE", "ghcr.io/acme/api:1.4.2@sha256:"+digest, "NGINX", "nginx:1.30.4@sha256:"+digest,
		"CERTIFICATE\n", "files {\n        certificate = \"/etc/ssl/shop/fullchain.pem\"\n        private_key = \"/etc/ssl/shop/privkey.pem\"\n      }\n",
		"SERVICE\n", "\n", "INGRESS\n", "\n", "FIREWALL\n", "\n", "TOP\n", "\n").Replace(sound)
	if found := compiledIn(t, text, false); len(found) > 0 {
		t.Errorf("%s", told(found))
	}
}
