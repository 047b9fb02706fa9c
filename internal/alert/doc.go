// Package alert decides when an error code is worth waking somebody for.
//
// A rule names a condition that holds or does not hold in each minute, for each vendor (or whatever the rule
// tells apart). The one state machine in lifecycle.go walks those minutes: inactive, pending, firing,
// resolved. It keeps nothing between two evaluations: each one walks the recent minutes anew from the stored
// rows, so that a restarted instance and a second one come to the same result, and a backtest is the same
// walk over a longer past.
//
// The package reads no clock, asks no server and sends nothing: package storage answers, package notify
// sends, cmd/query brings them together.
package alert
