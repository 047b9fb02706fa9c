package parsers

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	slash "path"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// builtin holds the definitions of the binary; testdata stays out of it.
//
//go:embed vendors/*/vendor.toml generic.toml
var builtin embed.FS

// The schema of vendor.toml. docs: parsers/vendors/README.md.
type (
	fileDef struct {
		identityDef
		Also             []identityDef `toml:"also"` // further vendors on the same platform
		RequestIDHeaders []string      `toml:"request_id_headers"`
		RateLimits       []quotaDef    `toml:"rate_limits"`
		ShouldRetry      []sourceDef   `toml:"should_retry"`
		Envelopes        []envelopeDef `toml:"envelopes"`
		Codes            []codeDef     `toml:"codes"`
		Ranges           []rangeDef    `toml:"ranges"`
	}
	identityDef struct {
		Name  string   `toml:"name"`
		Title string   `toml:"title"`
		Docs  string   `toml:"docs"`
		Hosts []string `toml:"hosts"`
	}
	envelopeDef struct {
		Name         string         `toml:"name"`
		Statuses     []string       `toml:"statuses"` // "400-599" is the default
		ContentTypes []string       `toml:"content_types"`
		Bodies       []string       `toml:"bodies"` // "json", "xml", "form" are the default
		Match        []conditionDef `toml:"match"`
		Any          []string       `toml:"any"`
		Identifies   *identifiesDef `toml:"identifies"`
		Decoder      string         `toml:"decoder"`
		LooseKeys    bool           `toml:"loose_keys"`
		Category     string         `toml:"category"` // of errors that the catalogue does not know
		Retry        string         `toml:"retry"`
		Code         []sourceDef    `toml:"code"`
		Family       []sourceDef    `toml:"family"`      // a wider kind, looked up when the code is not in the catalogue
		HTTPStatus   []sourceDef    `toml:"http_status"` // what the body of a success says the status is
		Message      []sourceDef    `toml:"message"`
		Title        []sourceDef    `toml:"title"`
		Type         []sourceDef    `toml:"type"`
		Instance     []sourceDef    `toml:"instance"`
		Trace        []sourceDef    `toml:"trace"`
		RequestID    []sourceDef    `toml:"request_id"`
		RetryAfter   []sourceDef    `toml:"retry_after"`
		Details      []detailDef    `toml:"details"`
	}
	conditionDef struct {
		Path     string   `toml:"path"`
		Header   string   `toml:"header"`
		Is       []string `toml:"is"`
		Absent   bool     `toml:"absent"`
		Equals   string   `toml:"equals"`
		OneOf    []string `toml:"one_of"`
		Contains string   `toml:"contains"`
		Prefixes []string `toml:"prefixes"`
		From     int64    `toml:"from"`
		To       int64    `toml:"to"`
	}
	identifiesDef struct {
		Vendor   string   `toml:"vendor"` // one of the definition's names; the first is the default
		Path     string   `toml:"path"`
		Prefixes []string `toml:"prefixes"`
		OnlyIf   string   `toml:"only_if"` // "no_host"
	}
	sourceDef struct {
		Path   string   `toml:"path"`
		Header string   `toml:"header"`
		As     string   `toml:"as"`
		Inside string   `toml:"inside"` // path within the JSON that the text holds
		Except []string `toml:"except"`
		Unit   string   `toml:"unit"` // of retry_after
	}
	quotaDef struct {
		Limit     *sourceDef `toml:"limit"`
		Remaining *sourceDef `toml:"remaining"`
		Used      *sourceDef `toml:"used"`
		Reset     *sourceDef `toml:"reset"`
		ResetUnit string     `toml:"reset_unit"`
		Policy    *sourceDef `toml:"policy"`
		WindowS   int64      `toml:"window_s"`
	}
	detailDef struct {
		List    string      `toml:"list"`
		Fields  string      `toml:"fields"`
		Item    string      `toml:"item"`
		Text    string      `toml:"text"`
		Field   []sourceDef `toml:"field"`
		Code    []sourceDef `toml:"code"`
		Message []sourceDef `toml:"message"`
	}
	codeDef struct {
		Status   int      `toml:"status"`
		Code     string   `toml:"code"`
		Title    string   `toml:"title"`
		Aliases  []string `toml:"aliases"`
		Category string   `toml:"category"`
		Retry    string   `toml:"retry"`
		Advice   string   `toml:"advice"`
		Link     string   `toml:"link"`
		Limit    int64    `toml:"limit"`
		WindowS  int64    `toml:"window_s"`
	}
	rangeDef struct {
		From     int64  `toml:"from"`
		To       int64  `toml:"to"`
		Title    string `toml:"title"`
		Category string `toml:"category"`
		Retry    string `toml:"retry"`
		Advice   string `toml:"advice"`
		Link     string `toml:"link"`
	}
)

// load reads all definitions of a directory: <name>/vendor.toml.
func load(fsys fs.FS, root string) ([]*definition, error) {
	names, err := fs.Glob(fsys, slash.Join(root, "*", "vendor.toml"))
	if err != nil {
		return nil, fmt.Errorf("list vendor definitions: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("no vendor definitions: expected <name>/vendor.toml")
	}
	var definitions []*definition
	var faults []error
	for _, name := range names {
		d, err := loadFile(fsys, name)
		if err == nil && d.identities[0].Name != slash.Base(slash.Dir(name)) {
			err = fmt.Errorf("%s: name: %q differs from its folder %q", name, d.identities[0].Name, slash.Base(slash.Dir(name)))
		}
		faults = append(faults, err)
		definitions = append(definitions, d)
	}
	return definitions, errors.Join(faults...)
}

// loadFile reads and compiles one definition. Its error joins all faults, each with file and key.
func loadFile(fsys fs.FS, name string) (*definition, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("read vendor definition: %w", err)
	}
	var def fileDef
	meta, err := toml.Decode(string(text), &def)
	if err != nil {
		return nil, fmt.Errorf("%s%w", name, located(err))
	}
	c := compiler{file: name, text: string(text)}
	c.unknownKeys(meta.Undecoded())
	d := c.definition(&def)
	return d, errors.Join(c.faults...)
}

// unknownKeys notes keys that the schema does not have. What stands below such a key is not worth a fault.
func (c *compiler) unknownKeys(keys []toml.Key) {
	noted := map[string]bool{}
	for _, key := range keys {
		parent := toml.Key(key[:len(key)-1])
		name := key.String()
		if !noted[name] && !noted[parent.String()] {
			c.faultAt(c.lineOf(key[len(key)-1]), "unknown key %q", name)
		}
		noted[name] = true
	}
}

// lineOf returns the first line on which a key of that name stands; 0 when none does.
func (c *compiler) lineOf(key string) int {
	at := regexp.MustCompile(`(?m)(?:^|[\s{,.\["])` + regexp.QuoteMeta(key) + `["\s]*[=.\]]`).FindStringIndex(c.text)
	if at == nil {
		return 0
	}
	return 1 + strings.Count(c.text[:strings.Index(c.text[at[0]:], key)+at[0]], "\n")
}

// located prefixes a fault of the TOML with its line. Of a value of the wrong type it says the key, what was found and
// what is wanted.
func located(err error) error {
	var parse toml.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf(":%d: %w", parse.Position.Line, err)
	}
	if types := wrongType.FindStringSubmatch(err.Error()); types != nil {
		found, _, _ := strings.Cut(typeName(types[3]), ",")
		return fmt.Errorf(":%s: %s: found %s, want %s", types[1], types[2], found, typeName(types[4]))
	}
	return fmt.Errorf(": %w", err)
}

// wrongType is how the decoder says it, without an error type of its own.
var wrongType = regexp.MustCompile(`^toml: line (\d+) \(last key "([^"]*)"\): (?:incompatible types: TOML value has type|type mismatch for \S+: expected table but found) ([^;]+)(?:; destination has type (\w+))?$`)

// typeName says in words what the decoder calls a type; it names none where it wants a table.
func typeName(decoders string) string {
	switch decoders {
	case "string":
		return `a text, such as "x"`
	case "int64", "integer":
		return "a whole number, such as 400"
	case "float64", "float":
		return "a number, such as 1.5"
	case "bool", "boolean":
		return "true or false"
	case "[]any", "[]map[string]any", "slice":
		return `a list, such as ["x"]`
	case "map[string]any", "map", "":
		return `a table, such as { key = "x" }`
	}
	return decoders
}

// fault notes one fault of the file. needle is a text that the faulty line holds.
func (c *compiler) fault(needle, format string, args ...any) {
	line := 0
	if at := strings.Index(c.text, needle); needle != "" && at >= 0 {
		line = 1 + strings.Count(c.text[:at], "\n")
	}
	c.faultAt(line, format, args...)
}

// faultAt notes one fault, once, on a line; 0 = unknown.
func (c *compiler) faultAt(line int, format string, args ...any) {
	where := c.file
	if line > 0 {
		where += fmt.Sprintf(":%d", line)
	}
	fault := where + ": " + fmt.Sprintf(format, args...)
	if !slices.ContainsFunc(c.faults, func(noted error) bool { return noted.Error() == fault }) {
		c.faults = append(c.faults, errors.New(fault))
	}
}
