// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// What the function does already.
package main

import (
	"go/ast"
	"go/token"
	"go/types"
)

// What a function does already is the repository's own business, and so is what it calls of its package. What
// that uses is, too, so that it may be taken over, but for what the table of packages has a name for.
type habits struct {
	*view
	declared   map[string]bool // the function itself
	used, held map[string]bool // objects and types; variables that it changes or hands on, and what to
	kinds      map[string]bool // of statements
	dynamic    map[string]bool // methods that it calls through interfaces
	seen       map[ast.Node]bool
}

func (v *view) habits() *habits {
	h := &habits{v, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{},
		map[ast.Node]bool{}}
	for _, declaration := range v.declared {
		if function, ok := declaration.(*ast.FuncDecl); ok {
			h.declared[key(v.info.Defs[function.Name])] = true
		}
		h.visit(declaration, true)
	}
	return h
}

// `isOwn`: the function itself, not what it calls.
func (h *habits) visit(node ast.Node, isOwn bool) {
	if h.seen[node] {
		return
	}
	h.seen[node] = true
	ast.Inspect(node, func(inner ast.Node) bool {
		if kind := h.kindOf(inner); kind != "" && isOwn {
			h.kinds[kind] = true
		}
		if e, ok := inner.(ast.Expr); ok {
			h.used[typeKey(h.typeOf(e))] = true
		}
		if selector, ok := inner.(*ast.SelectorExpr); ok && isOwn {
			for _, s := range h.steps(selector) {
				h.used[s.key()] = true
			}
		}
		if name, ok := inner.(*ast.Ident); ok && h.info.Uses[name] != nil {
			h.note(name, h.info.Uses[name], isOwn)
		}
		return true
	})
}

func (h *habits) note(name *ast.Ident, object types.Object, isOwn bool) {
	if isOwn || !hasName(object) {
		h.used[key(object)] = true
	}
	if isOwn {
		h.used[h.ofC(name)] = true
		if isPackageVariable(object) && !h.isOnlyRead(h.whole(name)) {
			h.held[key(object)+" "+h.handedTo(h.whole(name))] = true
		}
	}
	if function, ok := object.(*types.Func); ok {
		for _, method := range dynamic(function) {
			h.dynamic[method] = true
		}
	}
	if function := h.bodyOf(object); function != nil {
		h.visit(function, false)
	}
}

// Whether there is a name for what an object is good for.
func hasName(object types.Object) bool {
	if builtin, ok := object.(*types.Builtin); ok && builtin.Pkg() == nil {
		return builtins[builtin.Name()] != ""
	}
	return object.Pkg() != nil && cheatOf(object) != "system-call" && !isPure(object)
}

// What a name of the pseudo-package C takes from it: "C.clock"; "" of any other name.
func (v *view) ofC(name *ast.Ident) string {
	imported, ok := v.info.Uses[name].(*types.PkgName)
	if !ok || imported.Imported().Path() != "C" {
		return ""
	}
	if selector, ok := v.parents[name].(*ast.SelectorExpr); ok {
		return "C." + selector.Sel.Name
	}
	return "C"
}

// Where a function of the package is written.
func (v *view) bodyOf(object types.Object) *ast.FuncDecl {
	if function, ok := object.(*types.Func); ok && function.Pkg() == v.pkg {
		return v.functions[function.Origin()]
	}
	return nil
}

// A statement or type that hands work or word to a goroutine, "" for all others.
func (v *view) kindOf(node ast.Node) string {
	switch n := node.(type) {
	case *ast.GoStmt:
		return "thread"
	case *ast.SelectStmt, *ast.SendStmt, *ast.ChanType:
		return "waits"
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			return "waits"
		}
	case *ast.RangeStmt:
		if _, ok := v.typeOf(n.X).Underlying().(*types.Chan); ok {
			return "waits"
		}
	}
	return ""
}
