// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// The variant: everything that it declares is looked at.
package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"strings"
)

type refusal struct{ cheat, text string }

func (r *refusal) String() string { return r.cheat + ": " + r.text }

type vetting struct {
	*view
	before  *habits
	vetted  map[*ast.FuncDecl]bool
	dynamic map[string]bool // methods that are called through interfaces
	shared  []*types.Named  // types that the function handles, too

	isShared map[*types.Named]bool
}

func newVetting(v *view, before *habits) *vetting {
	return &vetting{v, before, map[*ast.FuncDecl]bool{}, map[string]bool{}, nil, map[*types.Named]bool{}}
}

// A part of the source on one line.
func (v *vetting) text(node ast.Node) string {
	start, end := v.files.PositionFor(node.Pos(), false), v.files.PositionFor(node.End(), false)
	source, err := os.ReadFile(start.Filename)
	if err != nil || end.Offset > len(source) {
		return ""
	}
	text := strings.Join(strings.Fields(string(source[start.Offset:end.Offset])), " ")
	if len(text) > textMaxBytes {
		text = strings.ToValidUTF8(text[:textMaxBytes], "") + ".."
	}
	return text
}

// Looks at everything that the variant declares.
func (v *vetting) all() *refusal {
	for _, declaration := range v.declared {
		var refused *refusal
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			refused = v.function(d)
		case *ast.GenDecl:
			refused = v.declaration(d)
		}
		if refused != nil {
			return refused
		}
	}
	return v.callbacks()
}

// Methods of types that the function handles, when it does not call such methods without their names, but the
// variant does.
func (v *vetting) callbacks() *refusal {
	for i := 0; i < len(v.shared); i++ { // what a method uses may be one more
		if refused := v.methods(v.shared[i], func(name string) bool {
			return v.dynamic[name] && !v.before.dynamic[name]
		}); refused != nil {
			return refused
		}
	}
	return nil
}

func (v *vetting) function(function *ast.FuncDecl) *refusal {
	if function.Recv == nil && function.Name.Name == "init" {
		return &refusal{"constructor", "a function init, which runs before main"}
	}
	if function.Recv == nil {
		if refused := v.meaning(function.Name); refused != nil {
			return refused
		}
	} else if !v.before.declared[key(v.info.Defs[function.Name])] && !v.isOwnMethod(function) &&
		!v.isHelper(function) {
		return &refusal{"harness-memory", "a method of a type that is not the variant's own: " + v.text(function.Recv) +
			" " + function.Name.Name}
	}
	return v.body(function)
}

// Whether the variant declares the type of the receiver, too.
func (v *vetting) isOwnMethod(function *ast.FuncDecl) bool {
	named := namedOf(v.info.Defs[function.Name].Type().(*types.Signature).Recv().Type())
	return named != nil && v.inside(named.Obj().Pos())
}

// Whether a method changes nothing for others: its name is not exported, so that only this package could ask for
// it, and no other field or method has it.
func (v *vetting) isHelper(function *ast.FuncDecl) bool {
	for name, object := range v.info.Defs {
		if name.Name == function.Name.Name && !v.inside(name.Pos()) && isMember(object) {
			return false
		}
	}
	return !function.Name.IsExported()
}

func isMember(object types.Object) bool {
	switch o := object.(type) {
	case *types.Var:
		return o.IsField()
	case *types.Func:
		return o.Type().(*types.Signature).Recv() != nil
	}
	return false
}

// A name of the package that hides a predeclared one has another meaning in all of its files.
func (v *vetting) meaning(name *ast.Ident) *refusal {
	if types.Universe.Lookup(name.Name) == nil {
		return nil
	}
	return &refusal{"harness-memory", "another meaning of " + name.Name}
}

func (v *vetting) declaration(declaration *ast.GenDecl) *refusal {
	for _, spec := range declaration.Specs {
		var names []*ast.Ident
		var refused *refusal
		switch s := spec.(type) {
		case *ast.ImportSpec:
			if s.Path.Value == `"C"` {
				refused = &refusal{"assembler", "an import of C"}
			}
		case *ast.TypeSpec:
			names = []*ast.Ident{s.Name}
		case *ast.ValueSpec:
			names = s.Names
			if declaration.Tok == token.VAR {
				refused = v.variable(s)
			}
		}
		for _, name := range names {
			if refused == nil {
				refused = v.meaning(name)
			}
		}
		if refused == nil {
			refused = v.node(spec)
		}
		if refused != nil {
			return refused
		}
	}
	return nil
}

// A function of the package that nobody has looked at.
func (v *vetting) body(function *ast.FuncDecl) *refusal {
	if v.vetted[function] {
		return nil
	}
	v.vetted[function] = true
	if function.Body == nil {
		return &refusal{"assembler", function.Name.Name + " is not written in Go"}
	}
	return v.node(function)
}

func (v *vetting) node(node ast.Node) (refused *refusal) {
	ast.Inspect(node, func(inner ast.Node) bool {
		if refused != nil {
			return false
		}
		if kind := v.kindOf(inner); kind != "" && !v.before.kinds[kind] {
			refused = &refusal{kind, v.text(inner)}
		} else if name, ok := inner.(*ast.Ident); ok && v.info.Uses[name] != nil {
			refused = v.name(name, v.info.Uses[name])
		}
		if e, ok := inner.(ast.Expr); ok && refused == nil {
			refused = v.expression(e)
		}
		return refused == nil
	})
	return refused
}

// Ways to code that is not named, by types that the function has not to do with: an interface of its own, whose
// methods may be anybody's, and methods of the package's types that pure packages call.
func (v *vetting) expression(e ast.Expr) *refusal {
	if selector, ok := e.(*ast.SelectorExpr); ok {
		if refused := v.selector(selector); refused != nil {
			return refused
		}
	}
	named := namedOf(v.typeOf(e))
	if v.before.used[typeKey(v.typeOf(e))] {
		if named != nil && !v.isShared[named] {
			v.isShared[named] = true
			v.shared = append(v.shared, named)
		}
		return nil
	}
	if literal, ok := e.(*ast.InterfaceType); ok {
		if t, ok := v.typeOf(literal).(*types.Interface); ok && t.NumMethods() > 0 {
			return &refusal{"system-call", "an interface of its own with methods: " + v.text(literal)}
		}
	}
	if v.isAsserted(e) {
		return &refusal{"system-call", "it asks for an interface that the function does not ask for: " + v.text(e)}
	}
	if named == nil {
		return nil
	}
	return v.methods(named, func(name string) bool { return callbacks[name] })
}

func (v *vetting) selector(selector *ast.SelectorExpr) *refusal {
	for _, s := range v.steps(selector) {
		if v.isForeignCode(s) && !v.before.used[s.key()] {
			return &refusal{"system-call", "use of " + s.field.Name() +
				", a field with code in it that the function does not use"}
		}
	}
	return nil
}

// Methods of a type that may be called without their names.
func (v *vetting) methods(named *types.Named, isCalled func(name string) bool) *refusal {
	if named.Obj().Pkg() == nil || pure[named.Obj().Pkg().Path()] || types.IsInterface(named) {
		return nil
	}
	methods := types.NewMethodSet(types.NewPointer(named)) // promoted ones, too
	for i := 0; i < methods.Len(); i++ {
		method := methods.At(i).Obj().(*types.Func)
		if !isCalled(method.Name()) || v.before.used[key(method)] {
			continue
		}
		if refused := v.useOfFunction(method.Origin(), "use of "+v.spoken(method)); refused != nil {
			return refused
		}
	}
	return nil
}

func (v *vetting) name(name *ast.Ident, object types.Object) *refusal {
	use := "use of " + v.spoken(object)
	if isPackageVariable(object) {
		return v.useOfVariable(name, object.(*types.Var), use)
	}
	if c := v.ofC(name); c != "" && !v.before.used[c] {
		return &refusal{"assembler", "use of " + c}
	}
	if function, ok := object.(*types.Func); ok {
		for _, method := range dynamic(function) {
			v.dynamic[method] = true
		}
	}
	if v.before.used[key(object)] {
		return nil
	}
	switch o := object.(type) {
	case *types.Builtin:
		if o.Pkg() == types.Unsafe {
			return &refusal{cheatOf(o), use}
		}
		if cheat := builtins[o.Name()]; cheat != "" {
			return &refusal{cheat, use}
		}
	case *types.TypeName:
		if o.Pkg() == types.Unsafe {
			return &refusal{cheatOf(o), use}
		}
	case *types.Func:
		if v.isPlainErrorf(name, o) || v.isWriteOfHash(name, o) {
			return nil
		}
		return v.useOfFunction(o, use)
	}
	if v.isCodeField(object) {
		return &refusal{"system-call", use + ", a field with code in it that the function does not use"}
	}
	return nil
}

func (v *vetting) useOfVariable(name *ast.Ident, variable *types.Var, use string) *refusal {
	whole := v.whole(name)
	near := variable.Pkg() == v.pkg || isPure(variable)
	switch {
	case v.inside(variable.Pos()) && !v.isOnlyRead(whole):
		return &refusal{"keeps-state", "state that outlives a call: " + name.Name + " is more than read: " + v.around(whole)}
	case isSentinel(variable) && v.isValue(whole):
		return nil
	case v.before.held[key(variable)+" "] || v.before.held[key(variable)+" "+v.handedTo(whole)]:
		return nil
	case !near && !v.before.used[key(variable)]:
		return &refusal{cheatOf(variable), use}
	case !v.isOnlyRead(whole) && !v.isHandedHome(whole, variable):
		return &refusal{"keeps-state", "it changes " + v.spoken(variable) + " or hands it on: " + v.around(whole)}
	}
	return nil
}

// The statement that an expression is in.
func (v *vetting) around(node ast.Node) string {
	for at := node; at != nil; at = v.parents[at] {
		switch at.(type) {
		case *ast.BlockStmt, *ast.FuncDecl:
			return v.text(node)
		case ast.Stmt:
			return v.text(at)
		}
	}
	return v.text(node)
}

func (v *vetting) useOfFunction(function *types.Func, use string) *refusal {
	if function.Pkg() == nil || isPure(function) || v.inside(function.Pos()) {
		return nil
	}
	body := v.bodyOf(function)
	if body == nil {
		return &refusal{cheatOf(function), use}
	}
	if refused := v.body(body); refused != nil {
		return &refusal{refused.cheat, use + ", in which: " + refused.text}
	}
	return nil
}
