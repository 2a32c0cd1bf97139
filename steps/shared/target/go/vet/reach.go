// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Ways from a value to code that is not named: methods that are called through an interface, fields with code.
package main

import (
	"go/ast"
	"go/constant"
	"go/types"
	"regexp"
	"strings"
)

// Whether a type, or one that is reached through it, is of a kind.
func reaches(t types.Type, isOne func(types.Type) bool, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if isOne(t) {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for i := 0; i < u.NumFields(); i++ {
			if reaches(u.Field(i).Type(), isOne, seen) {
				return true
			}
		}
	case *types.Map:
		return reaches(u.Key(), isOne, seen) || reaches(u.Elem(), isOne, seen)
	case *types.Signature:
		return reachesAny(u.Params(), isOne, seen) || reachesAny(u.Results(), isOne, seen)
	case interface{ Elem() types.Type }:
		return reaches(u.Elem(), isOne, seen)
	}
	return false
}

func reachesAny(list *types.Tuple, isOne func(types.Type) bool, seen map[types.Type]bool) bool {
	for i := 0; i < list.Len(); i++ {
		if reaches(list.At(i).Type(), isOne, seen) {
			return true
		}
	}
	return false
}

func isError(t types.Type) bool {
	return types.Identical(t, types.Universe.Lookup("error").Type())
}

// The methods that a function may call on what it is given as an interface, or that it is the name of.
func dynamic(function *types.Func) []string {
	signature := function.Type().(*types.Signature)
	var names []string
	if receiver := signature.Recv(); receiver != nil && types.IsInterface(receiver.Type()) {
		names = append(names, function.Name())
	}
	if function.Pkg() != nil && asksFor[function.Pkg().Path()] != nil {
		return append(names, asksFor[function.Pkg().Path()]...)
	}
	for i := 0; i < signature.Params().Len(); i++ {
		t := signature.Params().At(i).Type()
		if rest, ok := t.(*types.Slice); ok { // of a variadic one
			t = rest.Elem()
		}
		if given, ok := t.Underlying().(*types.Interface); ok {
			for k := 0; k < given.NumMethods(); k++ {
				names = append(names, given.Method(k).Name())
			}
		}
	}
	return names
}

// Whether a value is asked whether it is of an interface type with methods.
func (v *view) isAsserted(e ast.Expr) bool {
	t, ok := v.typeOf(e).Underlying().(*types.Interface)
	if !ok || t.NumMethods() == 0 {
		return false
	}
	_, isAssertion := e.(*ast.TypeAssertExpr)
	_, isCase := v.parents[e].(*ast.CaseClause)
	return isAssertion || isCase && v.info.Types[e].IsType()
}

var verbs = regexp.MustCompile(`%[^a-zA-Z%]*[a-zA-Z%]?`)

// Whether a function is called to make an error of a constant text, basic values and other errors. Other verbs than
// these tell the address of an error, and structs have fields with methods.
func (v *view) isPlainErrorf(name *ast.Ident, function *types.Func) bool {
	call, ok := v.parents[v.whole(name)].(*ast.CallExpr)
	if !ok || function.FullName() != "fmt.Errorf" || call.Fun != v.whole(name) || call.Ellipsis.IsValid() {
		return false
	}
	format := v.info.Types[call.Args[0]].Value
	if format == nil {
		return false
	}
	found := verbs.FindAllString(strings.ReplaceAll(constant.StringVal(format), "%%", ""), -1)
	if len(found) != len(call.Args)-1 {
		return false
	}
	for i, argument := range call.Args[1:] {
		basic, isBasic := v.typeOf(argument).Underlying().(*types.Basic)
		isPlain := isBasic && basic.Kind() != types.UnsafePointer && !strings.ContainsAny(found[i], "[*")
		if !isPlain && !(isError(v.typeOf(argument)) && words("%v %w %s %q")[found[i]]) {
			return false
		}
	}
	return true
}

// Whether a method of a hash.Hash is meant that it has from io.Writer.
func (v *view) isWriteOfHash(name *ast.Ident, function *types.Func) bool {
	selector, ok := v.parents[name].(*ast.SelectorExpr)
	if !ok || function.FullName() != "(io.Writer).Write" || v.info.Selections[selector] == nil {
		return false
	}
	named := namedOf(v.info.Selections[selector].Recv())
	return named != nil && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "hash"
}

// A field on the way of a selector, with the struct that it is of.
type step struct {
	owner *types.Struct
	field *types.Var
}

// A name for the field that is the same in both views; another struct's field may have the same name and type.
func (s step) key() string {
	return "field " + s.field.Name() + " of " + types.TypeString(s.owner, nil)
}

// The fields that a selector goes through: "x.f" with those that are embedded in between.
func (v *view) steps(selector *ast.SelectorExpr) (steps []step) {
	selection := v.info.Selections[selector]
	if selection == nil {
		return nil
	}
	at, index := selection.Recv(), selection.Index()
	if selection.Kind() != types.FieldVal {
		index = index[:len(index)-1]
	}
	for _, i := range index {
		if pointer, ok := at.Underlying().(*types.Pointer); ok {
			at = pointer.Elem()
		}
		owner, ok := at.Underlying().(*types.Struct)
		if !ok {
			return steps
		}
		steps = append(steps, step{owner, owner.Field(i)})
		at = owner.Field(i).Type()
	}
	return steps
}

// Whether there may be somebody else's code in a field: in one that the part declares, too, if values of another
// type convert to its struct.
func (v *view) isForeignCode(s step) bool {
	if s.field.Pkg() == nil || isPure(s.field) || !holdsCode(s.field.Type(), map[types.Type]bool{}) {
		return false
	}
	return !v.inside(s.field.Pos()) || v.hasTwin(s.owner)
}

// Whether a struct type from elsewhere has the same fields.
func (v *view) hasTwin(own *types.Struct) bool {
	seen := map[types.Type]bool{}
	for _, of := range v.info.Types {
		if of.Type != nil && reaches(of.Type, func(t types.Type) bool {
			other, ok := t.Underlying().(*types.Struct)
			return ok && types.IdenticalIgnoreTags(other, own) && !v.inside(other.Field(0).Pos())
		}, seen) {
			return true
		}
	}
	return false
}
