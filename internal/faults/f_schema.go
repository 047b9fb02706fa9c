package main

// schemaFaults is F17: somebody changes the table.
func schemaFaults() []fault {
	return []fault{
		{id: "F17", name: "column", what: "a column is dropped and comes back", inject: refusing(
			"ALTER TABLE responses DROP COLUMN duration_ms",
			"ALTER TABLE responses ADD COLUMN duration_ms Float32 CODEC(ZSTD(1))")},
		{id: "F17", name: "table", what: "the table is renamed and comes back", inject: refusing(
			"RENAME TABLE responses TO away",
			"RENAME TABLE away TO responses")},
	}
}
