//go:build !lab

package secrets

// thorough says that there is time: tests that try one thing at many moments try
// it as often as their authors wanted.
const thorough = false
