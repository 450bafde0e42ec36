package doctor

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"nselfc/compiler/ir"
	"nselfc/lang/date"
	"nselfc/lang/source"
)

// TestAcceptedIsShown: what the stack accepts stands in the report, with its owner, its
// end and its reason; one that has ended is told from one that has not, by the day in UTC.
func TestAcceptedIsShown(t *testing.T) {
	b := healthy(t)
	b.host.Now = time.Date(2027, 3, 2, 1, 0, 0, 0, time.FixedZone("east", 2*60*60)) // March 1st in UTC
	waiver := func(code, on string, until date.Date, known bool) *ir.Waiver {
		at := func(s string) ir.String { return ir.String{V: s} }
		return &ir.Waiver{
			Origin: source.Origin{Range: source.Range{File: "nself.hcl", Start: source.Pos{Line: 7}}}, Code: at(code), On: at(on), Known: known,
			Reason: at("The vendor's image\x1b[2J\nunpacks there."), Owner: at("ops@example.com"), Ticket: at("OPS-42"), Until: source.Value[date.Date]{V: until},
		}
	}
	b.subject.Stack.Waivers = []*ir.Waiver{
		waiver("NS312", "service.api", date.Of(2027, 3, 1), true), waiver("NS315", "", date.Of(2027, 2, 28), false), waiver("NS316", "service.elsewhere", date.Of(2027, 3, 1), false),
	}
	defer func() { b.subject.Stack.Waivers = nil }()
	r := b.examine()
	var text, document bytes.Buffer
	same := func(s string) string { return s }
	if err := r.Text(&text, 0); err != nil {
		t.Fatal(err)
	}
	if err := r.JSON(&document, same, same); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"\nAccepted in the stack:\n  NS312  on service.api, until 2027-03-01, by ops@example.com (OPS-42): The vendor's image", "unpacks there.\n",
		"\n  NS315  for the whole stack, ended after 2027-02-28, by ops@example.com (OPS-42): ",
	} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("it lacks %q:\n%s", line, text.String())
		}
	}
	if strings.Contains(text.String(), "elsewhere") || strings.Contains(text.String(), "\x1b") {
		t.Errorf("another environment's, or a control character:\n%s", text.String())
	}
	var read jsonReport
	if err := json.Unmarshal(document.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Accepted) != 2 || read.Accepted[0].Ended || !read.Accepted[1].Ended || read.Accepted[0].Until != "2027-03-01" || read.Accepted[0].Line != 7 || read.Accepted[1].On != "" {
		t.Errorf("%+v", read.Accepted)
	}
}
