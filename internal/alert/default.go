package alert

import (
	_ "embed" // the rules to start from
)

// DefaultFile is the text of a commented rules file that is useful as it stands.
//
//go:embed default.yaml
var DefaultFile []byte
