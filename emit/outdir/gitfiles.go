package outdir

import (
	"nselfc/emit"
	"nselfc/lang/secret"
)

// GitFiles gives the files that tell git how to treat the output. They are
// generated files like any other, and every plan holds them: nobody can forget
// to keep the secrets out of git.
func GitFiles() []emit.File {
	return []emit.File{
		{Path: ".gitattributes", Mode: 0o644, Text: secret.Literal(gitAttributes)},
		{Path: ".gitignore", Mode: 0o644, Text: secret.Literal(gitIgnore)},
	}
}

// merge=nselfc names the driver that "nselfc merge-driver" is; where git is not
// told of it, it merges texts as ever (gitattributes(5), "Performing a three-way
// merge"). Only the lock and the model are marked as generated: forges fold such
// files away in a pull request, and a reviewer must see what changed in the others.
// eol=lf keeps the digests of the lock true in a checkout on Windows.
const gitAttributes = "# " + emit.Header + `
* text eol=lf merge=nselfc
/nself.lock linguist-generated
/nself.model.json linguist-generated
`

// nself.secrets.json is none of the build's files: whatever makes or replaces values
// on the host writes it.
//
// The pattern for secrets has no leading slash, so it holds below as well; a
// trailing one would let a file of that name through (gitignore(5)).
const gitIgnore = "# " + emit.Header + `
# Secret values and what is rendered from them, and an editor's copies of them
# (.secrets~, ..secrets.swp). Never commit these.
*.secrets*
# The record of them holds no value, and is committed.
!/nself.secrets.json
# What an interrupted build leaves behind; the next one removes it.
.nself.*
`
