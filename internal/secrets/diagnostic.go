package secrets

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
	"nselfc/lang/source"
)

// The codes of this package. NS401 and NS402 belong to emit/dotsecrets.
const (
	codeUnfit       = "NS400"
	codeDeclaration = "NS403"
	codeWeak        = "NS404"
	codeLeak        = "NS405"
	codeUnwritable  = "NS406"
	codeEdited      = "NS407"
	codeForeign     = "NS408"
	codeManifest    = "NS409"

	codeX509Declared = "NS420"
	codeX509Stored   = "NS421"
	codeCAKey        = "NS422"

	codeCertUnread  = "NS430"
	codeCertKey     = "NS431"
	codeCertChain   = "NS432"
	codeCertName    = "NS433"
	codeCertDates   = "NS434"
	codeCertSoon    = "NS435"
	codeCertWeak    = "NS436"
	codeCertUsage   = "NS437"
	codeCertKeyMode = "NS438"
	codeCertUntrust = "NS439"
	codeCertAlone   = "NS440"
	codeCertTrial   = "NS441"
	codeCertLong    = "NS442"

	codeRegister = "NS450"
	codeMissing  = "NS451"
	codeShared   = "NS453"
	codeOverdue  = "NS454"

	codeSlots    = "NS480"
	codeUnderWay = "NS481"
	codeNotMade  = "NS482"
	codeNewUnfit = "NS483"

	codeStoreUnfit   = "NS646"
	codeStoreInUse   = "NS647"
	codeStoreDiffers = "NS677"

	codeUnsafeDir  = "NS600"
	codeUnsafeFile = "NS601"
	codeOpenMode   = "NS602"
	codeLocked     = "NS603"
	codeWrite      = "NS604"
	codeRead       = "NS605"
	codeTracked    = "NS606"
	codeIndex      = "NS607"
	codeKeyLeak    = "NS608"
	codeUnsearched = "NS609"

	codeUnignored     = "NS650"
	codeCommitted     = "NS651"
	codeOnce          = "NS652"
	codeUnreadHistory = "NS653"
	codeLiteral       = "NS654"
	codeInCommit      = "NS655"
	codeWithoutEffect = "NS656"

	codeReaders     = "NS660"
	codeUnreadable  = "NS661"
	codeSharedFile  = "NS662"
	codeCopy        = "NS663"
	codeUndeclared  = "NS664"
	codeAudit       = "NS666"
	codeGiven       = "NS675"
	codeSetInUse    = "NS673"
	codeSetKind     = "NS674"
	codeDeclared    = "NS676"
	codeNotRetired  = "NS678"
	codeRetired     = "NS679"
	codeUnretirable = "NS681"
	codeNoValue     = "NS682"

	codeBug = "NS900"
)

// about makes a finding of a secret point where a user can act: at the block of a
// kind or module, and from there at the secret inside it.
func about(s *ir.Secret, d *diag.Diagnostic) *diag.Diagnostic {
	if s.Site.IsZero() || s.Site == s.Origin.Range {
		return d
	}
	d.Subject = s.Site
	return d.With(s.Origin.Range, "%s is declared here", s.Address)
}

// onFile is the place of a finding about a file or directory of the host.
func onFile(path string) source.Range {
	return source.Range{File: path, Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
}

// bug reports what cannot happen unless nselfc contradicts itself.
func (b *book) bug(at source.Range, detail string, args ...any) *diag.Diagnostic {
	if at.IsZero() {
		at = b.stack.Name.Range
	}
	if at.IsZero() {
		at = onFile(File)
	}
	return diag.Errorf(codeBug, at, "Bug in nselfc", "This is a bug in nselfc; please report it. "+detail, args...)
}

// writeFailed reports a change of the file system that did not happen. The file
// is what it was before.
func (st *store) writeFailed(path string, err error) *diag.Diagnostic {
	full := filepath.Join(st.dir, path)
	advice := "Mend the cause and run the same command again: it goes on where this one stopped."
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		advice = "Make room and run the same command again: it goes on where this one stopped. See what is free with\n\n    df -h " + escape.ShellWord(st.dir)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		advice = "Make the directory writable for the user that builds, and run the same command again. See its owner and mode with\n\n    ls -ld " + escape.ShellWord(st.dir)
	}
	return diag.Errorf(codeWrite, onFile(full), "Cannot write a secret file",
		"%s was not written: %s. What stood there before is unchanged, and no value is lost.\n\n%s", full, reason(err), advice)
}

func (st *store) readFailed(path string, err error) *diag.Diagnostic {
	full := filepath.Join(st.dir, path)
	return diag.Errorf(codeRead, onFile(full), "Cannot read a file of the output directory",
		"%s cannot be read: %s. nselfc does not go on without it, because it would make new values for secrets that exist.\n\nSee its owner and mode with\n\n    ls -ld %s",
		full, reason(err), escape.ShellWord(full))
}

// reason gives the words of the system without the path, which is there already
// in the form that the user knows.
func reason(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}
