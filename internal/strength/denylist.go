package strength

import (
	"strings"
	"sync"
)

// known is a value that something ships with, and what that is.
type known struct{ value, where string }

// wellKnown says where a value, in lower case, comes from, or "".
func wellKnown(lower string) string {
	if len(lower) > maxLooked {
		return ""
	}
	if where := sources()[lower]; where != "" {
		return where
	}
	if strings.HasPrefix(lower, "django-insecure-") {
		return "Django's startproject marks its keys so"
	}
	return ""
}

// sources indexes the defaults by value in lower case; it is made once.
var sources = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for _, d := range defaults() {
		out[strings.ToLower(d.value)] = d.where
	}
	return out
})

// defaults lists what images, their documentation and well-known tutorials ship.
// Values of one word and a few digits are not repeated here with each of them: the
// search for words finds these.
func defaults() []known {
	return []known{
		// Databases, queues, object stores: official images and their pages on Docker Hub.
		{"postgres", "the official postgres image, in most tutorials"},
		{"mysecretpassword", "the page of the official postgres image"},
		{"example", "the compose examples of the official postgres, mongo and mariadb images"},
		{"my-secret-pw", "the page of the official mysql and mariadb images"},
		{"my_secret_password", "tutorials of the official mysql image"},
		{"root", "the root account of MySQL in most tutorials"},
		{"rootpassword", "compose examples of mysql and mongo"},
		{"toor", "an old default of root accounts"},
		{"mongoadmin", "the page of the official mongo image"},
		{"foobared", "the example of requirepass in redis.conf"},
		{"yourpassword", "compose examples of redis"},
		{"guest", "RabbitMQ's only account as installed"},
		{"rabbitmq", "compose examples of RabbitMQ"},
		{"bitnami", "Bitnami's images"},
		{"minioadmin", "MinIO's root account as installed"},
		{"minio123", "MinIO's examples"},
		{"minio-secret-key", "compose examples of MinIO"},
		{"neo4j", "Neo4j's account as installed"},
		{"changeme", "Elasticsearch's old default, and most examples"},
		{"elastic", "compose examples of Elasticsearch"},
		{"something_at_least_32_characters", "the documentation of Kibana"},
		{"myStrongPassword123!", "the documentation of OpenSearch"},
		{"yourStrong(!)Password", "the page of the SQL Server image"},
		{"Your_password123", "compose examples of SQL Server"},
		{"my-super-secret-auth-token", "the documentation of InfluxDB"},
		{"masterKey", "the documentation of Meilisearch"},
		{"aSampleMasterKey", "the documentation of Meilisearch"},
		{"MASTER_KEY", "the documentation of Meilisearch"},
		{"xyz", "the documentation of Typesense"},
		// Backends and identity.
		{"postgrespassword", "Hasura's docker-compose.yaml"},
		{"myadminsecretkey", "Hasura's docker-compose.yaml"},
		{"nhost-admin-secret", "the local stack of Nhost"},
		{"nhost-webhook-secret", "the local stack of Nhost"},
		{"postgres-dev-password", "nself"},
		{"hasura-admin-secret-dev", "nself"},
		{"meilisearch-master-key-minimum-16-chars", "nself"},
		{"development-secret-key-minimum-32-characters-long", "nself"},
		{"mlflow-admin-password", "nself"},
		{"change-this-secret-in-production", "nself"},
		{"your-super-secret-and-long-postgres-password", "Supabase's .env.example"},
		{"your-super-secret-jwt-token-with-at-least-32-characters-long", "Supabase's .env.example"},
		{"super-secret-jwt-token-with-at-least-32-characters-long", "Supabase's local stack"},
		{"this_password_is_insecure_and_should_be_updated", "Supabase's .env.example"},
		{"your-encryption-key-32-chars-min", "Supabase's .env.example"},
		{"your-super-secret-and-long-logflare-key", "Supabase's .env.example"},
		{"change_me", "Keycloak's examples"},
		{"keycloak", "compose examples of Keycloak"},
		{"MasterkeyNeedsToHave32Characters", "the documentation of Zitadel"},
		{"Password1!", "Zitadel's first account"},
		{"PLEASE-CHANGE-ME-I-AM-VERY-INSECURE", "Ory Kratos' quickstart"},
		{"32-LONG-SECRET-NOT-SECURE-AT-ALL", "Ory Kratos' quickstart"},
		{"youReallyNeedToChangeThis", "Ory Hydra's quickstart"},
		{"a_very_important_secret", "Authelia's examples"},
		{"insecure_session_secret", "Authelia's examples"},
		{"you_must_generate_a_random_string_of_more_than_twenty_chars_and_configure_this", "Authelia's template"},
		{"some_random_token_as_per_above_explanation", "Vaultwarden's wiki"},
		{"difyai123456", "Dify's .env.example"},
		{"your-secret-key", "Appwrite's .env, and many tutorials of Flask"},
		// Applications.
		{"admin", "Grafana's account as installed, and that of half the images there are"},
		{"prom-operator", "Grafana in kube-prometheus-stack"},
		{"grafana", "compose examples of Grafana"},
		{"n8n", "compose examples of n8n"},
		{"changePassword", "n8n's compose examples"},
		{"changeUser", "n8n's compose examples"},
		{"gitea", "Gitea's compose examples"},
		{"5iveL!fe", "GitLab's first root password of old"},
		{"wordpress", "compose examples of WordPress"},
		{"examplepass", "the page of the official wordpress image"},
		{"somewordpress", "Docker's WordPress sample"},
		{"nextcloud", "compose examples of Nextcloud"},
		{"Harbor12345", "Harbor's harbor.yml"},
		{"root123", "Harbor's harbor.yml"},
		{"admin123", "Nexus' first password of old"},
		{"zabbix", "Zabbix' account as installed"},
		{"superset", "Superset's compose file"},
		{"CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET", "Superset's config.py"},
		{"airflow", "Airflow's compose file"},
		{"temporary_key", "Airflow's default of old"},
		{"tobemodified", "Strapi's .env.example"},
		{"toBeModified1", "Strapi's .env.example"},
		{"mmuser_password", "Mattermost's compose file"},
		{"generate_a_new_key", "Outline's .env.sample"},
		{"replace-me-with-a-random-string", "Umami's compose file"},
		{"replace_with_lengthy_secure_hex", "Chatwoot's .env.example"},
		{"change-this-insecure-key", "Penpot's compose file"},
		{"paperless", "Paperless-ngx' compose file"},
		{"moohoo", "mailcow's first account"},
		{"SuperSecret", "the documentation of pgAdmin"},
		{"somepasswordpepper", "the documentation of Graylog's image"},
		{"odoo", "the page of the official odoo image"},
		{"npm", "Nginx Proxy Manager's compose example"},
		// Libraries, whose README is copied with its secret.
		{"keyboard cat", "the README of express-session"},
		{"shhhhh", "the README of jsonwebtoken"},
		{"your-256-bit-secret", "jwt.io"},
		{"your-384-bit-secret", "jwt.io"},
		{"your-512-bit-secret", "jwt.io"},
		{"a-string-secret-at-least-256-bits-long", "jwt.io"},
		{"complex_password_at_least_32_characters_long", "the README of iron-session"},
		{"supersecretkey", "most tutorials of JSON Web Tokens"},
		{"secretkey", "most tutorials of JSON Web Tokens"},
		{"AllYourBase", "the documentation of golang-jwt"},
		{"550e8400-e29b-41d4-a716-446655440000", "the UUID of most documentation"},
		{"f47ac10b-58cc-4372-a567-0e02b2c3d479", "the UUID of RFC 4122's readers"},
		{"3fa85f64-5717-4562-b3fc-2c963f66afa6", "Swagger's UUID"},
		{"9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "the README of the uuid package of npm"},
		{"1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", "the README of the uuid package of npm"},
		// What people take from a comic and from their keyboards.
		{"correcthorsebatterystaple", "xkcd 936"},
		{"correct horse battery staple", "xkcd 936"},
		{"correct-horse-battery-staple", "xkcd 936"},
		{"Tr0ub4dor&3", "xkcd 936"},
		{"qwertyuiop[]", "the keyboard"},
		{"qwertyuiopasdfghjkl", "the keyboard"},
		{"qwertyuiopasdfghjklzxcvbnm", "the keyboard"},
		{"1qaz2wsx3edc", "the keyboard"},
		{"1qaz2wsx3edc4rfv", "the keyboard"},
		{"q1w2e3r4t5y6", "the keyboard"},
		{"zaq12wsxcde3", "the keyboard"},
	}
}

// placeholders are words that examples are made of.
func placeholders() []string {
	return []string{
		"change", "example", "secret", "password", "passwort", "passwd", "dev", "test", "your", "default", "minimum", "admin", "postgres", "redis", "placeholder", "todo",
		"insert", "here", "please", "this", "sample", "demo", "dummy", "temp", "production", "staging", "insecure", "replace",
	}
}

// common lists what people build passwords of, from lists of the most frequent ones
// and of the programs that they are for.
func common() []string {
	return []string{
		"qwerty", "qwertz", "azerty", "asdf", "zxcv", "yxcv", "qazwsx", "1q2w3e4r", "5t6y", "1qaz", "2wsx", "3edc", "4rfv", "abc123", "letmein", "welcome", "iloveyou",
		"love", "dragon", "monkey", "master", "sunshine", "princess", "football", "baseball", "hunter", "shadow", "superman", "batman", "summer", "winter", "spring",
		"autumn", "correct", "horse", "battery", "staple", "super", "root", "user", "login", "pass", "key", "jwt", "token", "hasura", "minio", "grafana", "develop",
		"prod", "local", "server", "database", "michael", "jordan", "charlie", "daniel", "jessica", "ashley", "freedom", "whatever", "trustno1", "starwars", "pokemon",
		"computer", "internet", "access", "mustang", "soccer", "hockey", "killer", "cookie", "banana", "cheese", "flower", "secure", "system", "service", "docker",
		"mysql", "mongo", "rabbit", "guest", "elastic", "keycloak", "supabase", "nself", "nginx", "backup", "account", "company", "hello", "world", "random",
	}
}
