//go:build !mutant

package pipeline

import "github.com/errata-dev/errata/pipeline/grant"

// withoutRule is the rule of the delivery protocol that this build breaks: none. Only a build with the tag
// "mutant" breaks one, to show that the fault tests notice.
const withoutRule = grant.AllRules
