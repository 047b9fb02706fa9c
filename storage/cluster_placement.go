package storage

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// Placement says which shard has the rows of a partition. It only ever grows, by stages: a partition never
// moves, because only the server that has its rows can tell which of its records are there.
type Placement []PlacementStage

// PlacementStage places the partitions from a number on, of every topic, on some shards in turn.
type PlacementStage struct {
	From   int32 `json:"from"`   // partition
	First  int   `json:"first"`  // shard, from 0
	Shards int   `json:"shards"` // how many, from the first on
}

// Shard numbers, from 0, the shard that has a partition's rows. Where a topic begins depends on its name, so
// that topics of few partitions do not all lie on the first shard.
func (p Placement) Shard(topic string, partition int32) int {
	stage := p[0]
	for _, s := range p[1:] {
		if s.From <= partition {
			stage = s
		}
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(topic)) // a hash takes everything
	return stage.First + int((uint64(h.Sum32())+uint64(partition))%uint64(stage.Shards))
}

// shards is how many shards the placement is over.
func (p Placement) shards() int {
	if len(p) == 0 {
		return 0
	}
	last := p[len(p)-1]
	return last.First + last.Shards
}

// grow returns the placement over so many shards. New ones get the partitions from newFrom on; furthest is the
// highest partition that has rows already.
func (p Placement) grow(shards int, newFrom, furthest int32) (Placement, error) {
	switch have := p.shards(); {
	case have == shards:
		return p, nil
	case have > shards:
		return nil, fmt.Errorf("the tables lie on %d shards and the cluster has %d: rows of the others would be missing from every answer. Give the cluster its shards back", have, shards)
	case have == 0:
		return Placement{{Shards: shards}}, nil
	case newFrom <= 0:
		return nil, fmt.Errorf("the cluster has %d shards and the tables lie on %d. A partition never moves, so new shards get new partitions: say from which number on with --new-shards-from (above %d, the highest that has rows)", shards, have, furthest)
	case newFrom <= furthest:
		return nil, fmt.Errorf("--new-shards-from %d: partition %d has rows on the shards that it has now, and a partition never moves: give %d or more", newFrom, furthest, furthest+1)
	case newFrom <= p[len(p)-1].From:
		return nil, fmt.Errorf("--new-shards-from %d: the last shards began at partition %d", newFrom, p[len(p)-1].From)
	default:
		return append(slices.Clone(p), PlacementStage{From: newFrom, First: have, Shards: shards - have}), nil
	}
}

// identity is what a shard's table meta says of the shard and of the cluster it belongs to.
type identity struct {
	shard     shardMark
	hashKey   string
	placement Placement
}

// shardMark tells a shard from the others, wherever its server is.
type shardMark struct {
	Cluster string `json:"cluster"`
	Shard   int    `json:"shard"` // from 1
}

// The keys of meta.
const (
	shardKey     = "shard"
	placementKey = "placement."
)

func (i *identity) take(key, value string) error {
	var err error
	switch key {
	case hashKeyName:
		i.hashKey = value
	case shardKey:
		err = json.Unmarshal([]byte(value), &i.shard)
	default:
		var stage PlacementStage
		if err = json.Unmarshal([]byte(value), &stage); err == nil && (stage.Shards < 1 || key != placementKey+strconv.Itoa(len(i.placement))) {
			err = fmt.Errorf("stage %d is missing, or is over no shards", len(i.placement))
		}
		i.placement = append(i.placement, stage)
	}
	if err != nil {
		return fmt.Errorf("meta.%s: %w", strings.TrimSuffix(key, "."), err)
	}
	return nil
}
