// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// The variables of the variant, which are tables.
package main

import (
	"go/ast"
	"go/token"
	"go/types"
)

// A variable of the variant is a table: made of constants, so that nothing runs before main; v.name sees to it
// that it is only read.
func (v *vetting) variable(spec *ast.ValueSpec) *refusal {
	if len(spec.Values) != len(spec.Names) {
		return &refusal{"keeps-state", "state that outlives a call: " + v.text(spec)}
	}
	for _, value := range spec.Values {
		if !v.isConstant(value) {
			return &refusal{"constructor", "a variable whose value is computed before main: " + v.text(spec)}
		}
	}
	if v.keepsError(spec) {
		return &refusal{"keeps-state", "an error that outlives a call: " + v.text(spec)}
	}
	return nil
}

// An error may be returned, and then be asked for what is in it.
func (v *vetting) keepsError(spec *ast.ValueSpec) bool {
	for _, name := range spec.Names {
		if t := v.info.Defs[name].Type(); reaches(t, isError, map[types.Type]bool{}) {
			return true
		}
	}
	return false
}

// Whether a value is code that is written there, or a function by its name.
func (v *vetting) isFunction(value ast.Expr) bool {
	switch e := value.(type) {
	case *ast.FuncLit:
		return true
	case *ast.Ident:
		_, ok := v.info.Uses[e].(*types.Func)
		return ok
	}
	return false
}

func (v *vetting) isConstant(value ast.Expr) bool {
	if call, ok := bare(value).(*ast.CallExpr); ok && v.info.Types[call.Fun].IsType() {
		return v.isConstant(call.Args[0]) // []byte("..")
	}
	if v.isFunction(bare(value)) {
		return true
	}
	if address, ok := bare(value).(*ast.UnaryExpr); ok && address.Op == token.AND {
		value = address.X
	}
	literal, ok := bare(value).(*ast.CompositeLit)
	if !ok {
		return v.info.Types[value].Value != nil || v.info.Types[value].IsNil()
	}
	t := v.typeOf(literal).Underlying()
	if pointer, ok := t.(*types.Pointer); ok { // of an element, where & is left out
		t = pointer.Elem().Underlying()
	}
	_, isStruct := t.(*types.Struct)
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if !isStruct && !v.isConstant(pair.Key) {
				return false
			}
			element = pair.Value
		}
		if !v.isConstant(element) {
			return false
		}
	}
	return true
}
