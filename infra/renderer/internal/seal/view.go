package seal

import (
	"fmt"
	"maps"
	"slices"
)

// View is all that one request sees.
type View struct {
	trees map[string]*Tree
}

// Open opens the roots of a request. The texts stand in, or beside, the files of the root "".
func Open(roots, texts map[string]string) (*View, error) {
	view := &View{trees: map[string]*Tree{}}
	for _, name := range slices.Sorted(maps.Keys(roots)) {
		tree, err := newTree(roots[name])
		if err != nil {
			view.Close()
			return nil, err
		}
		view.trees[name] = tree
	}
	own, err := view.Tree("")
	if err != nil {
		view.Close()
		return nil, err
	}
	// All paths are found before the first text stands: one text must not change where the next one goes.
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if err := own.stand(name, texts[name]); err != nil {
			view.Close()
			return nil, err
		}
	}
	own.trace = newTrace()
	clear(own.entries)
	return view, nil
}

// Tree is the root of that name; a request that names none of its roots is at fault.
func (v *View) Tree(name string) (*Tree, error) {
	tree, ok := v.trees[name]
	if !ok {
		return nil, fmt.Errorf("renderer: the request has no root %q", name)
	}
	return tree, nil
}

// Reads is what was read of each root so far; a root that was not touched has no entry.
func (v *View) Reads() map[string][]string {
	reads := map[string][]string{}
	for name, tree := range v.trees {
		if entries := tree.Reads(); len(entries) > 0 {
			reads[name] = entries
		}
	}
	return reads
}

// Close lets go of the folders.
func (v *View) Close() {
	for _, tree := range v.trees {
		_ = tree.root.Close()
	}
}
