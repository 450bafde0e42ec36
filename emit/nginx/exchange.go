package nginx

import "strconv"

// While a service's containers are exchanged for new ones, both answer to the
// service's name, and whoever stops the old must know that nginx sends them nothing
// any more. Docker's name server cannot leave one out, and nginx keeps an answer for
// ten seconds. So the new containers have a name more, "a.api", "b.api" or "c.api" by turns,
// and a file in the memory of the ingress makes nginx use that one, from the next
// request on. No file, and nginx uses the service's own name: whatever happens to
// who made it, or to the ingress, leaves nothing that is wrong.
const (
	// MarkDir is where nginx looks for the files, in the ingress's container.
	MarkDir = "/tmp/nself"
	// ResolverValid is for how long, in seconds, nginx keeps the addresses of a name.
	ResolverValid = 10
)

// Groups are the names that new containers take by turns: the old have one of them,
// new ones another, and where these are to go again before the old have gone, the next
// have the third. Of several files, that of the first group counts. No service's name
// has a dot, so none is called like one.
var Groups = [...]string{"a", "b", "c"}

// Upstream is what nginx connects to for a port of a service.
func Upstream(service string, port int) string { return service + ":" + strconv.Itoa(port) }

// Mark is the file that sends the requests of an upstream to the containers of a
// group alone.
func Mark(group, service string, port int) string {
	return MarkDir + "/" + group + "." + Upstream(service, port)
}
