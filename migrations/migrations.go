// Package migrations holds the ClickHouse schema as numbered SQL files, one statement a file, safe to
// run twice. It only embeds them (embedding cannot reach ../); package storage applies them, and has 0011 itself. A released
// file is never edited.
package migrations

import "embed"

// FS holds every migration, NNNN_name.sql.
//
//go:embed *.sql
var FS embed.FS
