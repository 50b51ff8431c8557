package memstore

import (
	"bytes"
	"slices"

	"github.com/posthorn/posthorn"
)

// pageOf returns the page of those items that are picked, newest first.
func pageOf[ID ~[16]byte, T any](items map[ID]T, picked func(T) bool, page posthorn.Page) []T {
	first := page.After == [16]byte{}
	ids := idsOf(items, func(id ID, item T) bool {
		return (first || compareIDs(id, ID(page.After)) < 0) && picked(item)
	})
	slices.Reverse(ids)
	list := make([]T, 0, min(len(ids), page.Limit))
	for _, id := range ids[:min(len(ids), page.Limit)] {
		list = append(list, items[id])
	}
	return list
}

// idsOf returns the ids of those items that are picked, oldest first.
func idsOf[ID ~[16]byte, T any](items map[ID]T, picked func(ID, T) bool) []ID {
	var ids []ID
	for id, item := range items {
		if picked(id, item) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, compareIDs)
	return ids
}

func compareIDs[ID ~[16]byte](a, b ID) int {
	left, right := [16]byte(a), [16]byte(b)
	return bytes.Compare(left[:], right[:])
}
