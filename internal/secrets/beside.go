package secrets

import (
	"errors"
	"os"
	"syscall"

	"nselfc/lang/diag"
)

// ReadBeside reads a private file that lies beside .secrets, as untrusted as that:
// nil for none.
func ReadBeside(dir, name string) ([]byte, diag.List) {
	st, diags := openIfThere(dir, Options{})
	if diags.HasErrors() {
		return nil, diags
	}
	defer st.close()
	text, fi, d := st.read(name)
	if d == nil && fi != nil {
		d = st.private(name, fi, "600")
	}
	if d != nil {
		return nil, append(diags, d)
	}
	return text, diags
}

// WriteBeside puts a private file beside .secrets in one step, synced; no text
// removes it.
func WriteBeside(dir, name string, text []byte) diag.List {
	st, diags := open(dir, Options{})
	if st == nil {
		return diags
	}
	defer st.close()
	_, d := st.inspect(name)
	if d != nil {
		return append(diags, d)
	}
	var err error
	switch {
	case text != nil:
		err = st.write(name, text, 0o600, -1)
	case st.exists(name):
		err = st.remove(name)
	}
	if err == nil {
		err = st.syncDir(".")
	}
	if err != nil {
		return append(diags, st.writeFailed(name, err))
	}
	return diags
}

// Hold takes a lock beside .secrets for as long as this process lives, or until
// release. ok tells whether it was free.
func Hold(dir, name string) (release func(), ok bool, diags diag.List) {
	st, diags := open(dir, Options{})
	if st == nil {
		return nil, false, diags
	}
	defer st.close()
	if _, d := st.inspect(name); d != nil {
		return nil, false, append(diags, d)
	}
	f, err := st.root.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, false, append(diags, st.writeFailed(name, err))
	}
	err = f.Chmod(0o600) // a umask such as 0777 took the bits away
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		_ = f.Close()
		return nil, false, diags
	case err != nil:
		_ = f.Close()
		return nil, false, append(diags, st.writeFailed(name, err))
	}
	return func() { _ = f.Close() }, true, diags
}
