// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// How a package variable is used: read, or changed and handed on.
package main

import (
	"go/ast"
	"go/token"
	"go/types"
)

// Whether values of a type hold no way to memory that somebody else can change.
func isPlain(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() != types.UnsafePointer
	case *types.Array:
		return isPlain(u.Elem())
	case *types.Struct:
		for i := 0; i < u.NumFields(); i++ {
			if !isPlain(u.Field(i).Type()) {
				return false
			}
		}
		return true
	}
	return false
}

// The type of an expression; of one that gives a bool beside its value, the value's.
func (v *view) typeOf(e ast.Expr) types.Type {
	t := v.info.TypeOf(e)
	if pair, ok := t.(*types.Tuple); ok && pair.Len() > 0 {
		t = pair.At(0).Type()
	}
	if t == nil {
		return types.Typ[types.Invalid]
	}
	return t
}

// Whether what `e`, a variable or a part of one, is used for can neither change it nor get hold of its memory.
func (v *view) isOnlyRead(e ast.Expr) bool {
	switch p := v.parents[e].(type) {
	case *ast.ParenExpr:
		return v.isOnlyRead(p)
	case *ast.StarExpr:
		return v.isOnlyRead(p)
	case *ast.IndexExpr:
		if p.X == e {
			return v.isOnlyRead(p)
		}
	case *ast.SliceExpr:
		if p.X == e {
			return v.isOnlyRead(p)
		}
	case *ast.SelectorExpr:
		return v.isReadThroughSelector(p, e)
	case *ast.CallExpr:
		return v.isReadByCall(p, e)
	case *ast.RangeStmt:
		return v.isReadByRange(p, e)
	case *ast.AssignStmt:
		for _, left := range p.Lhs {
			if left == e {
				return false
			}
		}
		return isPlain(v.typeOf(e)) || p.Tok == token.DEFINE && v.isReadAs(p.Lhs, p.Rhs, e)
	case *ast.IncDecStmt:
		return false
	case *ast.UnaryExpr:
		if p.Op == token.AND {
			return v.isOnlyRead(p)
		}
	case *ast.BinaryExpr:
		return true // compared or computed with
	case *ast.ReturnStmt:
		if types.Identical(v.typeOf(e), types.Universe.Lookup("error").Type()) {
			return true
		}
	}
	return isPlain(v.typeOf(e))
}

// Whether the new local variable that gets `e` is only read, too.
func (v *view) isReadAs(left, right []ast.Expr, e ast.Expr) bool {
	for i := range right {
		if name, ok := left[i].(*ast.Ident); ok && right[i] == e {
			return v.isReadName(name)
		}
	}
	return false
}

// Whether a variable, where it is declared, is only read from then on. While that is looked at it counts as so:
// a function that hands a parameter to itself changes nothing by that.
func (v *view) isReadName(name *ast.Ident) bool {
	object := v.info.Defs[name]
	if object == nil {
		return name.Name == "_"
	}
	if v.assumed[object] {
		return true
	}
	v.assumed[object] = true
	for _, use := range v.uses[object] {
		if !v.isOnlyRead(use) {
			v.assumed = map[types.Object]bool{} // what was told by this may be wrong
			return false
		}
	}
	return true
}

// Whether the function of the package only reads the argument.
func (v *view) isReadByBody(function *types.Func, call *ast.CallExpr, e ast.Expr) bool {
	body := v.bodyOf(function)
	if body == nil || body.Body == nil || function.Type().(*types.Signature).Variadic() {
		return false
	}
	if selector, ok := bare(call.Fun).(*ast.SelectorExpr); ok && v.info.Selections[selector] != nil &&
		v.info.Selections[selector].Kind() == types.MethodExpr {
		return false // its first argument is the receiver
	}
	at := 0
	for _, field := range body.Type.Params.List {
		for _, name := range field.Names {
			if at < len(call.Args) && call.Args[at] == e {
				return types.Identical(v.typeOf(e).Underlying(), v.typeOf(name).Underlying()) && v.isReadName(name)
			}
			at++
		}
	}
	return false
}

func (v *view) isReadThroughSelector(selector *ast.SelectorExpr, e ast.Expr) bool {
	selection := v.info.Selections[selector]
	if selection == nil { // package.Variable, of which e is the second part
		return v.isOnlyRead(selector)
	}
	if selection.Kind() == types.FieldVal {
		return v.isOnlyRead(selector)
	}
	receiver := selection.Obj().Type().(*types.Signature).Recv()
	_, isPointer := receiver.Type().Underlying().(*types.Pointer)
	return !isPointer && isPlain(v.typeOf(e))
}

func bare(e ast.Expr) ast.Expr {
	for {
		inner, ok := e.(*ast.ParenExpr)
		if !ok {
			return e
		}
		e = inner.X
	}
}

func (v *view) isReadByCall(call *ast.CallExpr, e ast.Expr) bool {
	if call.Fun == e {
		return v.isOfOwnTable(e)
	}
	if isPlain(v.typeOf(e)) {
		return true
	}
	if v.info.Types[call.Fun].IsType() {
		return isPlain(v.typeOf(call)) // a conversion to a string, say, which is a copy
	}
	switch function := v.called(call).(type) {
	case *types.Builtin:
		copies := function.Name() == "copy" || function.Name() == "append" && call.Ellipsis.IsValid()
		return function.Name() == "len" || function.Name() == "cap" ||
			copies && call.Args[0] != e && v.hasPlainElements(e)
	case *types.Func:
		// A target that is searched for is handed on to the comparison.
		if v.isReadByBody(function, call, e) {
			return true
		}
		if function.FullName() == "errors.Is" { // asks the first one
			return call.Args[1] == e && isError(v.typeOf(e))
		}
		return isReader(function) && v.hasPlainElements(e) && (function.Name() != "BinarySearchFunc" || call.Args[0] == e)
	}
	return false
}

// Whether an expression is an element of a variable that the part declares: code in it is the part's own.
func (v *view) isOfOwnTable(e ast.Expr) bool {
	switch x := bare(e).(type) {
	case *ast.IndexExpr:
		return v.isOfOwnTable(x.X)
	case *ast.SelectorExpr:
		selection := v.info.Selections[x]
		return selection != nil && selection.Kind() == types.FieldVal && v.isOfOwnTable(x.X)
	case *ast.Ident:
		variable := v.info.Uses[x]
		return variable != nil && isPackageVariable(variable) && v.inside(variable.Pos())
	}
	return false
}

// What a call calls, nil when that has no name.
func (v *view) called(call *ast.CallExpr) types.Object {
	switch f := bare(call.Fun).(type) {
	case *ast.Ident:
		return v.info.Uses[f]
	case *ast.SelectorExpr:
		return v.info.Uses[f.Sel]
	}
	return nil
}

func (v *view) hasPlainElements(e ast.Expr) bool {
	slice, ok := v.typeOf(e).Underlying().(*types.Slice)
	return ok && isPlain(slice.Elem())
}

func (v *view) isReadByRange(loop *ast.RangeStmt, e ast.Expr) bool {
	if loop.X != e {
		return false
	}
	for _, variable := range []ast.Expr{loop.Key, loop.Value} {
		if variable == nil || isPlain(v.typeOf(variable)) {
			continue
		}
		name, ok := variable.(*ast.Ident)
		if !ok || name.Name != "_" && !(loop.Tok == token.DEFINE && v.isReadName(name)) {
			return false
		}
	}
	_, isFunction := v.typeOf(e).Underlying().(*types.Signature)
	return !isFunction
}

// Whether an expression is used for its value, and is not given another.
func (v *view) isValue(e ast.Expr) bool {
	switch p := v.parents[e].(type) {
	case *ast.ParenExpr:
		return v.isValue(p)
	case *ast.UnaryExpr, *ast.RangeStmt:
		return false
	case *ast.AssignStmt:
		for _, left := range p.Lhs {
			if left == e {
				return false
			}
		}
	}
	return true
}

func isVariable(object types.Object) bool {
	_, ok := object.(*types.Var)
	return ok
}

// The function or method that a variable, or a part of one, is handed to, "()" where it is called; "" where it is
// used otherwise.
func (v *view) handedTo(e ast.Expr) string {
	var function types.Object
	switch p := v.parents[e].(type) {
	case *ast.ParenExpr, *ast.StarExpr, *ast.UnaryExpr, *ast.SliceExpr:
		return v.handedTo(p.(ast.Expr))
	case *ast.IndexExpr:
		if p.X == e {
			return v.handedTo(p)
		}
	case *ast.SelectorExpr:
		call, isCall := v.parents[p].(*ast.CallExpr)
		if function = v.info.Uses[p.Sel]; !isCall || call.Fun != p || isVariable(function) {
			return v.handedTo(p)
		}
	case *ast.CallExpr:
		if p.Fun == e {
			return "()"
		}
		function = v.called(p)
	}
	if _, ok := function.(*types.Func); ok {
		return key(function)
	}
	return ""
}

// A variable of a pure package that its own functions are called with: crc32.Update(c, crc32.IEEETable, b),
// base64.StdEncoding.EncodeToString(b).
func (v *view) isHandedHome(e ast.Expr, variable *types.Var) bool {
	if !isPure(variable) {
		return false
	}
	var function types.Object
	switch p := v.parents[e].(type) {
	case *ast.CallExpr:
		function = v.called(p)
	case *ast.SelectorExpr:
		if call, ok := v.parents[p].(*ast.CallExpr); ok && call.Fun == p {
			function = v.info.Uses[p.Sel]
		}
	}
	_, ok := function.(*types.Func)
	return ok && function.Pkg() == variable.Pkg()
}

// The expression that a name of a package variable stands for: itself, or "package.Variable".
func (v *view) whole(name *ast.Ident) ast.Expr {
	if selector, ok := v.parents[name].(*ast.SelectorExpr); ok && selector.Sel == name && v.info.Selections[selector] == nil {
		return selector
	}
	return name
}

func isPackageVariable(object types.Object) bool {
	variable, ok := object.(*types.Var)
	return ok && !variable.IsField() && variable.Pkg() != nil && variable.Parent() == variable.Pkg().Scope()
}

// A field of another's with code in it: which, nobody can tell from here.
func (v *view) isCodeField(object types.Object) bool {
	field, ok := object.(*types.Var)
	if !ok || !field.IsField() || v.inside(field.Pos()) || isPure(field) {
		return false
	}
	return holdsCode(field.Type(), map[types.Type]bool{})
}

// Whether code is reached from a value without the name of another field.
func holdsCode(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch u := t.Underlying().(type) {
	case *types.Signature, *types.Interface:
		return true
	case *types.Pointer:
		return holdsCode(u.Elem(), seen)
	case *types.Slice:
		return holdsCode(u.Elem(), seen)
	case *types.Array:
		return holdsCode(u.Elem(), seen)
	case *types.Map:
		return holdsCode(u.Key(), seen) || holdsCode(u.Elem(), seen)
	case *types.Chan:
		return holdsCode(u.Elem(), seen)
	}
	return false
}
