// Package lab runs compiled stacks for real: a private Docker engine on a machine made of namespaces, a second machine
// beside it that plays the internet, and stand-ins for the official images, all made from Debian's packages.
// README.md says how to use and to debug it.
//
// It does not know nselfc's language, compiler or output; it runs what it is given and reports what happened. It never
// touches the real machine's firewall, network, /etc or Docker: all that it changes lies in its own namespaces and in its
// cache folder. It works on Linux, as root.
package lab
