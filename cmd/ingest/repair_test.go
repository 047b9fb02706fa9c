package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/pipeline/verify"
	"github.com/errata-dev/errata/storage"
)

func TestRoundsReachOverNeitherGapsNorDamage(t *testing.T) {
	missing := func(partition int32, from, to int64) verify.Finding {
		return verify.Finding{Topic: "t", Partition: partition, Kind: verify.Missing, From: from, To: to}
	}
	p := func(id int32) fetch.Partition { return fetch.Partition{Topic: "t", ID: id} }
	report := &verifyReport{
		Findings: []verify.Finding{{Topic: "t", Partition: 0, Kind: verify.Unreadable, From: 60, To: 70}},
		Partitions: []partitionReport{
			{Topic: "t", Partition: 0}, {Topic: "t", Partition: 1, Gaps: []storage.StoredGap{{From: 20, To: 30}}},
		},
	}
	require.Equal(t, []map[fetch.Partition]fetch.Span{
		{p(0): {From: 5, To: 42}, p(1): {From: 1, To: 20}},
		{p(0): {From: 80, To: 81}, p(1): {From: 30, To: 31}},
		{p(1): {From: 31 + near, To: 32 + near}},
	}, rounds([]verify.Finding{
		missing(0, 5, 6), missing(0, 40, 42), missing(0, 80, 81),
		missing(1, 1, 2), missing(1, 18, 20), missing(1, 30, 31), missing(1, 31+near, 32+near),
	}, report))
	require.Empty(t, rounds(nil, report))
}

func TestPartsOfAReplay(t *testing.T) {
	p := func(id int32) fetch.Partition { return fetch.Partition{Topic: "t", ID: id} }
	span := func(partition int32, from, to int64) storage.ReplaySpan {
		return storage.ReplaySpan{Topic: "t", Partition: partition, From: from, To: to}
	}
	require.Equal(t, []map[fetch.Partition]fetch.Span{
		{p(0): {From: 10, To: 10 + near}, p(1): {From: 0, To: 5}},
		{p(0): {From: 10 + near, To: 11 + near}, p(1): {From: 9, To: 12}},
	}, parts([]storage.ReplaySpan{span(0, 10, 11+near), span(1, 0, 5), span(1, 9, 12)}))
}
