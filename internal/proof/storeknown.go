package proof

import (
	"slices"
	"strings"
)

// databaseSettings are all that postgresql.conf says, with the forms of their values as
// isOne reads them; "*" where another rule holds it.
var databaseSettings = map[string]string{
	"listen_addresses": "*", "port": "5432", "max_connections": "#", "unix_socket_directories": "/var/run/postgresql", "hba_file": "*",
	"ssl": "*", "ssl_cert_file": "/run/pgtls/server.pem", "ssl_key_file": "/run/pgtls/server.pem", "ssl_min_protocol_version": "*",
	"ssl_ciphers": "*", "password_encryption": "*", "authentication_timeout": "#s",
	"shared_buffers": "#MB|#GB", "effective_cache_size": "#MB", "shared_preload_libraries": "<libraries>", "dynamic_shared_memory_type": "posix",
	"max_wal_size": "#GB", "min_wal_size": "#MB",
	"lc_messages": "C", "log_destination": "stderr", "logging_collector": "off", "log_statement": "*", "log_min_error_statement": "*",
	"log_error_verbosity": "*", "log_parameter_max_length": "*", "log_parameter_max_length_on_error": "*", "log_connections": "on",
	"log_line_prefix": "%m [%p] %q%u@%d %h ", "log_timezone": "UTC", "timezone": "UTC", "idle_in_transaction_session_timeout": "#min",
}

// cacheSettings are all that redis.conf says.
var cacheSettings = map[string]string{
	"port": "6379", "dir": "/data", "aclfile": "*", "maxmemory": "#kb|#mb|#gb",
	"maxmemory-policy": "noeviction|allkeys-lru|allkeys-lfu|allkeys-random|volatile-lru|volatile-lfu|volatile-random|volatile-ttl",
	"appendonly":       "yes|no", "appendfsync": "everysec", "save": "", "tcp-keepalive": "#", "logfile": "", "loglevel": "notice",
	"acllog-max-len": "#", "enable-debug-command": "*", "enable-module-command": "*", "enable-protected-configs": "*",
}

// unknownSettings refuses settings that are not in the lists, other values of those that
// are, and users of Redis besides the two.
func unknownSettings(s *stores, report Report) {
	for _, f := range s.settings {
		for _, o := range f.settings {
			form, ok := databaseSettings[o.Name]
			if !ok || !(isOne(form, o.Value, nil) || form == "<libraries>" && areLibraries(o.Value)) {
				report(Place{File: f.path, Line: o.Line}, "PostgreSQL is told %s = %q, which no rule knows.", o.Name, o.Value)
			}
		}
	}
	for _, f := range s.redis {
		var seen []string
		for _, w := range f.lines {
			name, value := w.list[0], strings.Join(w.list[1:], " ")
			if form, ok := cacheSettings[name]; !ok || !isOne(form, value, nil) {
				report(Place{File: f.path, Line: w.line}, "Redis is told %s %q, which no rule knows.", name, value)
			} else if slices.Contains(seen, name) {
				report(Place{File: f.path, Line: w.line}, "Redis is told %s twice, and the last one counts.", name)
			}
			seen = append(seen, name)
		}
	}
	for _, f := range s.acl {
		for _, w := range f.lines {
			if !slices.ContainsFunc(aclUsers, func(u string) bool { return slices.EqualFunc(strings.Fields(u), w.list, matches) }) {
				report(Place{File: f.path, Line: w.line}, "It is none of the users that a cache has.")
			}
		}
	}
}

// aclUsers are the users of the file: nobody, and the consumers of the cache. Those of
// the container itself are made when it starts.
var aclUsers = []string{
	"user default off resetpass resetkeys resetchannels -@all",
	"user app on ${redis_acl_hash(*.secret.app)} ~* &* +@all -@admin -@dangerous +info",
}

// areLibraries tells names of libraries of the image; one with a folder could be anybody's.
func areLibraries(s string) bool {
	for name := range strings.SplitSeq(s, ",") {
		if name == "" || strings.Trim(name, letters+"0123456789_-") != "" {
			return false
		}
	}
	return true
}
