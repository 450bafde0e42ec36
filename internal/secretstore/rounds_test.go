//go:build !soak

package secretstore

// thorough is for machines that have time (-tags soak, half an hour).
const thorough = false
