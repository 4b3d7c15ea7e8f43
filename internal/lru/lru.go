// Package lru has a table that drops the least recently used item when it is full.
package lru

import "container/list"

// Table holds a limited number of items. It is not safe for concurrent use.
type Table[K comparable, V any] struct {
	most  int
	order *list.List // the last used first
	items map[K]*list.Element
}

type item[K comparable, V any] struct {
	key   K
	value V
}

// New returns a table for at most most items, which must be at least 1.
func New[K comparable, V any](most int) *Table[K, V] {
	return &Table[K, V]{most: most, order: list.New(), items: make(map[K]*list.Element)}
}

// Len returns the number of items.
func (t *Table[K, V]) Len() int { return len(t.items) }

// Get returns a value. It counts as a use.
func (t *Table[K, V]) Get(key K) (value V, ok bool) {
	element := t.items[key]
	if element == nil {
		return value, false
	}
	t.order.MoveToFront(element)
	return element.Value.(*item[K, V]).value, true
}

// Set sets a value. It counts as a use. If the table is full, Set drops the least recently used item.
func (t *Table[K, V]) Set(key K, value V) {
	if element := t.items[key]; element != nil {
		element.Value.(*item[K, V]).value = value
		t.order.MoveToFront(element)
		return
	}
	t.items[key] = t.order.PushFront(&item[K, V]{key, value})
	for len(t.items) > t.most {
		oldest := t.order.Back()
		delete(t.items, oldest.Value.(*item[K, V]).key)
		t.order.Remove(oldest)
	}
}

// Delete removes a value.
func (t *Table[K, V]) Delete(key K) {
	if element := t.items[key]; element != nil {
		t.order.Remove(element)
		delete(t.items, key)
	}
}
