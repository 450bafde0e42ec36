//go:build !lab

package lang_test

// thorough says that there is time: properties are tried as often as rapid does it.
const thorough = false
