package compiler

// Defaults of a service. Each leaf that one of them sets says so in its origin,
// "default service.<argument>".
const (
	// defaultUser owns nothing on the host or in common images. An image whose
	// files belong to another user needs `user` set to that one.
	defaultUser = "10001:10001" // CIS Docker Benchmark 4.1; checkov CKV_K8S_40 wants at least 10000

	// defaultRestart starts a container again after a crash and after a reboot of
	// the host, unless somebody stopped it. CIS 5.15 advises on-failure:5, but
	// Docker does not start such a container again when the daemon restarts after
	// a clean stop (Docker, "Start containers automatically"): the site would stay
	// down after a reboot. What CIS fears, a restart loop that eats the host, is
	// bounded anyhow: Docker doubles the delay between restarts, from 100 ms up to
	// a minute, and the container has limits on processors, memory and processes.
	defaultRestart = "unless-stopped"

	defaultCPUs      = 1.0
	defaultMemory    = 512 << 20
	defaultPids      = 256
	defaultReplicas  = 1
	defaultStopGrace = "30s"

	// defaultInit runs a small init process as PID 1, which reaps orphans (health
	// checks leave some) and passes signals on: the kernel ignores SIGTERM for a
	// PID 1 without a handler, and the container would be killed at each stop.
	defaultInit = true
	// An image that brings an init of its own, such as s6, sets init = false.

	defaultTmpfs     = 64 << 20 // bytes
	tmpfsMode        = 0o1777   // sticky: the container's user is not the mount's owner, root
	defaultInterval  = "10s"
	defaultTimeout   = "5s"
	defaultRetries   = 5
	defaultStartWait = "30s"
)

// Defaults of a route and of the ingress.
const (
	defaultBodySize       = 1 << 20 // bytes
	defaultConnectTimeout = 5       // seconds
	defaultReadTimeout    = 60      // seconds
	defaultSendTimeout    = 60      // seconds
	// socketTimeout is the longest silence on a WebSocket, in seconds; there is
	// none on most for longer than the 60 s of a request.
	socketTimeout = 3600

	defaultRequests = 100 // the guide's rate limit: 100 requests in 60 seconds
	defaultWindow   = 60  // seconds

	// defaultNginx has every fix of 2026 (CVE-2026-42533 and CVE-2026-60005 were
	// the last, in 1.30.4).
	defaultNginx      = "nginx:1.30.4"
	nginxUser         = "101:101" // "nginx" in the official images
	ingressCPUs       = 1.0
	ingressMemory     = 256 << 20
	ingressHTTP       = 8080 // in the container: unprivileged, as nginx is
	ingressHTTPS      = 8443
	ingressHealth     = 8081
	defaultHTTPPort   = 80
	defaultHTTPSPort  = 443
	developmentListen = "127.0.0.1"

	productionHSTS = 63072000 // seconds, two years (Mozilla's guidelines 6.0)

	localCADays   = 3650
	localLeafDays = 365

	defaultSSHPort = 22
)
