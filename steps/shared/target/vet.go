// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// Looks at a variant of a Go function with the language's own type checker, for what a function that computes
// its results from its arguments has no use for, unless the function had it already: packages that reach
// outside, goroutines, state that outlives a call, code that runs before main, the harness's own names.
//
//	vet LIST FILE START END VARIANT VARIANT_END
//
// LIST is what `go list -export -deps -json` says of the package, FILE one of its files, in which the function
// stands from byte START to END; VARIANT is the file with a variant from START to VARIANT_END. Prints the cheat
// as sandbox/cheat.h names it and what was seen ("waits: use of time.Sleep"), or nothing. Exits with 1 and the
// reason when it can't tell.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// ---- what is called what ----

// What is computed from arguments alone.
var pure = words("strings bytes unicode unicode/utf8 unicode/utf16 math math/bits math/cmplx math/big sort slices " +
	"strconv errors cmp maps path container/heap container/list encoding/binary encoding/hex encoding/base64 " +
	"hash/adler32 hash/crc32 hash/crc64 hash/fnv")

// Functions of these that only read what they are given.
var readers = words("slices.Contains slices.ContainsFunc slices.Index slices.IndexFunc slices.BinarySearch " +
	"slices.BinarySearchFunc slices.Equal slices.Max slices.Min sort.SearchInts sort.SearchStrings bytes.Equal " +
	"bytes.Compare bytes.Contains bytes.HasPrefix bytes.HasSuffix bytes.Index bytes.IndexByte bytes.IndexAny")

// Methods that pure packages, and those that print, call on what they are given.
var callbacks = words("Len Less Swap Push Pop Error Is As Unwrap String GoString Format Scan Write WriteString " +
	"WriteByte WriteRune WriteTo Read ReadFrom ReadByte UnreadByte ReadRune UnreadRune Token SkipSpace Width " +
	"Precision Flag Uint16 Uint32 Uint64 PutUint16 PutUint32 PutUint64 AppendUint16 AppendUint32 AppendUint64")

// What else a package is good for: the first row that fits; no names are all names.
var packages = []struct{ path, names, cheat string }{
	{"time", "Sleep After AfterFunc Tick NewTicker NewTimer", "waits"},
	{"time", "", "reads-clock"},
	{"os", "Exit", "early-exit"},
	{"log", "Fatal Fatalf Fatalln Panic Panicf Panicln", "early-exit"},
	{"os", "StartProcess", "child-process"},
	{"os/exec", "", "child-process"},
	{"os/signal", "", "signal-handler"},
	{"unsafe", "", "harness-memory"},
	{"reflect", "", "harness-memory"},
	{"runtime", "Goexit", "early-exit"},
	{"runtime", "GOMAXPROCS Gosched LockOSThread UnlockOSThread SetFinalizer AddCleanup", "thread"},
	{"runtime/debug", "", "harness-memory"},
	{"hash/crc32", "MakeTable", "keeps-state"}, // the same memory for everybody
	{"hash/crc64", "MakeTable", "keeps-state"},
	{"sync", "", "keeps-state"},
	{"sync/atomic", "", "keeps-state"},
	{"unique", "", "keeps-state"},
	{"weak", "", "keeps-state"},
	{"math/rand", "", "keeps-state"},
	{"math/rand/v2", "", "keeps-state"},
}

var builtins = map[string]string{
	"recover": "signal-handler", // a fault of memory is a panic, too
	"close":   "waits",
	"print":   "system-call",
	"println": "system-call",
}

func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[word] = true
	}
	return set
}

// Whether an object only computes.
func isPure(object types.Object) bool {
	if object.Pkg().Path() == "time" {
		return isMethodOf(object, "Duration", "Time", "Month", "Weekday")
	}
	return pure[object.Pkg().Path()] && object.Name() != "MakeTable"
}

func isMethodOf(object types.Object, names ...string) bool {
	function, ok := object.(*types.Func)
	if !ok || function.Type().(*types.Signature).Recv() == nil {
		return false
	}
	named := namedOf(function.Type().(*types.Signature).Recv().Type())
	for _, name := range names {
		if named != nil && named.Obj().Name() == name {
			return true
		}
	}
	return false
}

// The named type that a type is or points to; nil when there is none.
func namedOf(t types.Type) *types.Named {
	if pointer, ok := unalias(t).(*types.Pointer); ok {
		t = pointer.Elem()
	}
	named, _ := unalias(t).(*types.Named)
	return named
}

// As types.Unalias, which Go 1.21 has not, and neither has it such types.
func unalias(t types.Type) types.Type {
	for {
		alias, ok := t.(interface{ Rhs() types.Type })
		if !ok {
			return t
		}
		t = alias.Rhs()
	}
}

func cheatOf(object types.Object) string {
	for _, row := range packages {
		if object.Pkg() != nil && object.Pkg().Path() == row.path && (row.names == "" || words(row.names)[object.Name()]) {
			return row.cheat
		}
	}
	return "system-call"
}

// ---- the package ----

type listed struct {
	Dir, ImportPath, Export string
	GoFiles, CgoFiles       []string
	ImportMap               map[string]string
	DepOnly                 bool
	Module                  *struct{ GoVersion string }
}

// Reads the list; the package itself is the one that nothing else asked for.
func readList(path string) (packages map[string]*listed, own *listed, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	start := bytes.IndexByte(text, '{') // behind any warnings
	if start < 0 {
		return nil, nil, fmt.Errorf("%s: %s", path, text)
	}
	packages = map[string]*listed{}
	for decoder := json.NewDecoder(bytes.NewReader(text[start:])); ; {
		one := &listed{}
		if err = decoder.Decode(one); err == io.EOF {
			break
		} else if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		packages[one.ImportPath] = one
		if !one.DepOnly {
			own = one
		}
	}
	if own == nil {
		return nil, nil, errors.New(path + ": no package in it")
	}
	return packages, own, nil
}

type exports struct {
	own   *listed
	inner types.Importer
}

func newExports(files *token.FileSet, packages map[string]*listed, own *listed) *exports {
	return &exports{own: own, inner: importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) {
		if found := packages[path]; found != nil && found.Export != "" {
			return os.Open(found.Export)
		}
		return nil, fmt.Errorf("%s was not compiled", path)
	})}
}

func (e *exports) Import(path string) (*types.Package, error) {
	if mapped := e.own.ImportMap[path]; mapped != "" {
		path = mapped
	}
	return e.inner.Import(path)
}

// A package's syntax with the meaning of each name, and the part of one file that is looked at.
type view struct {
	files     *token.FileSet
	pkg       *types.Package
	info      *types.Info
	parents   map[ast.Node]ast.Node
	functions map[types.Object]*ast.FuncDecl
	uses      map[types.Object][]*ast.Ident
	assumed   map[types.Object]bool // local variables that are only read
	declared  []ast.Decl            // in the part
	part      [2]token.Pos
	crossed   bool // something goes on behind the part
	errors    []types.Error
}

// Type-checks the package with `source` in the place of `file`. Errors of types are noted: there are some where
// a package uses cgo, whose types are not known here.
func (v *view) load(importer types.Importer, own *listed, file, source string, start, end int) error {
	config := types.Config{Importer: importer, FakeImportC: true, Sizes: types.SizesFor("gc", runtime.GOARCH),
		Error: v.noteError}
	if own.Module != nil && own.Module.GoVersion != "" {
		config.GoVersion = "go" + own.Module.GoVersion
	}
	var parsed []*ast.File
	for _, name := range append(append([]string(nil), own.GoFiles...), own.CgoFiles...) {
		path := filepath.Join(own.Dir, name)
		mine := sameFile(path, file)
		if mine {
			path = source
		}
		tree, err := parser.ParseFile(v.files, path, nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return err
		}
		parsed = append(parsed, tree)
		if mine {
			v.part = [2]token.Pos{v.files.File(tree.Pos()).Pos(start), v.files.File(tree.Pos()).Pos(end)}
			v.choose(tree)
		}
	}
	if len(v.declared) == 0 {
		return fmt.Errorf("%s is not built in its package, or has no function there", file)
	}
	v.info = &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Types: map[ast.Expr]types.TypeAndValue{}}
	v.pkg, _ = config.Check(own.ImportPath, v.files, parsed, v.info)
	for _, tree := range parsed {
		v.index(tree)
	}
	for name, object := range v.info.Uses {
		v.uses[object] = append(v.uses[object], name)
	}
	return nil
}

func (v *view) noteError(err error) {
	var typed types.Error
	if errors.As(err, &typed) {
		v.errors = append(v.errors, typed)
	}
}

// The first error that another view of the package has not; "" when there is none.
func (v *view) newError(other *view) string {
	known := map[string]bool{}
	for _, err := range other.errors {
		known[err.Msg] = true
	}
	for _, err := range v.errors {
		if !known[err.Msg] {
			return err.Msg
		}
	}
	return ""
}

func sameFile(a, b string) bool {
	left, err := os.Stat(a)
	if err != nil {
		return false
	}
	right, err := os.Stat(b)
	return err == nil && os.SameFile(left, right)
}

func (v *view) choose(tree *ast.File) {
	for _, declaration := range tree.Decls {
		if v.inside(declaration.Pos()) {
			v.declared = append(v.declared, declaration)
			v.crossed = v.crossed || declaration.End() > v.part[1]
		}
	}
	for _, comment := range tree.Comments {
		v.crossed = v.crossed || v.inside(comment.Pos()) && comment.End() > v.part[1]
	}
}

func (v *view) inside(at token.Pos) bool {
	return at >= v.part[0] && at < v.part[1]
}

func (v *view) index(tree *ast.File) {
	var stack []ast.Node
	ast.Inspect(tree, func(node ast.Node) bool {
		if node == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if len(stack) > 0 {
			v.parents[node] = stack[len(stack)-1]
		}
		stack = append(stack, node)
		if function, ok := node.(*ast.FuncDecl); ok {
			v.functions[v.info.Defs[function.Name]] = function
		}
		return true
	})
}

func newView(files *token.FileSet) *view {
	return &view{files: files, parents: map[ast.Node]ast.Node{}, functions: map[types.Object]*ast.FuncDecl{},
		uses: map[types.Object][]*ast.Ident{}, assumed: map[types.Object]bool{}}
}

// A name for an object that is the same in both views.
func key(object types.Object) string {
	switch o := object.(type) {
	case *types.Func:
		return o.Origin().FullName()
	case *types.Var:
		if o.IsField() {
			return "field " + o.Name() + " " + o.Type().String()
		}
	}
	if object.Pkg() == nil {
		return object.Name()
	}
	if object.Parent() != object.Pkg().Scope() {
		return "local " + object.Name()
	}
	return object.Pkg().Path() + "." + object.Name()
}

// The same for a type; a pointer is as good as what it points to.
func typeKey(t types.Type) string {
	if named := namedOf(t); named != nil {
		t = named.Origin()
	}
	return "type " + types.TypeString(t, nil)
}

// As a reader of the variant knows it: "os.Exit", "Mutex.Lock", "hits".
func (v *view) spoken(object types.Object) string {
	name := object.Name()
	if function, ok := object.(*types.Func); ok {
		if receiver := function.Type().(*types.Signature).Recv(); receiver != nil {
			t := types.TypeString(receiver.Type(), func(p *types.Package) string {
				if p == v.pkg {
					return ""
				}
				return p.Name()
			})
			return strings.TrimPrefix(t, "*") + "." + name
		}
	}
	if object.Pkg() == nil || object.Pkg() == v.pkg {
		return name
	}
	return object.Pkg().Name() + "." + name
}

// ---- how a variable is used ----

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
		return v.info.Types[e].IsType()
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
		return function.Pkg() != nil && readers[function.Pkg().Path()+"."+function.Name()] && v.hasPlainElements(e) &&
			(function.Name() != "BinarySearchFunc" || call.Args[0] == e)
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

// A field with code in it: which, nobody can tell from here.
func (v *view) isCodeField(object types.Object) bool {
	field, ok := object.(*types.Var)
	if !ok || !field.IsField() || v.inside(field.Pos()) {
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

// ---- what the function does already ----

// What a function does already is the repository's own business, and so is what it calls of its package. What
// that uses is, too, so that it may be taken over, but for what the table of packages has a name for.
type habits struct {
	*view
	declared   map[string]bool // the function itself
	used, held map[string]bool // objects and types; variables that it changes or hands on
	kinds      map[string]bool // of statements
	seen       map[ast.Node]bool
}

func (v *view) habits() *habits {
	h := &habits{v, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[ast.Node]bool{}}
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
			h.held[key(object)] = true
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

// ---- the variant ----

type refusal struct{ cheat, text string }

func (r *refusal) String() string { return r.cheat + ": " + r.text }

type vetting struct {
	*view
	before *habits
	vetted map[*ast.FuncDecl]bool
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
	} else if !v.before.declared[key(v.info.Defs[function.Name])] && !v.isOwnMethod(function) {
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
	return nil
}

func (v *vetting) isConstant(value ast.Expr) bool {
	if call, ok := bare(value).(*ast.CallExpr); ok && v.info.Types[call.Fun].IsType() {
		return v.isConstant(call.Args[0]) // []byte("..")
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
	if v.before.used[typeKey(v.typeOf(e))] {
		return nil
	}
	if literal, ok := e.(*ast.InterfaceType); ok {
		if t, ok := v.typeOf(literal).(*types.Interface); ok && t.NumMethods() > 0 {
			return &refusal{"system-call", "an interface of its own with methods: " + v.text(literal)}
		}
	}
	named := namedOf(v.typeOf(e))
	if named == nil || named.Obj().Pkg() == nil || pure[named.Obj().Pkg().Path()] || types.IsInterface(named) {
		return nil
	}
	methods := types.NewMethodSet(types.NewPointer(named)) // promoted ones, too
	for i := 0; i < methods.Len(); i++ {
		method := methods.At(i).Obj().(*types.Func)
		if !callbacks[method.Name()] || v.before.used[key(method)] {
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
	case v.before.held[key(variable)]:
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

// ---- the program ----

const textMaxBytes = 100

func run(arguments []string) (*refusal, error) {
	if len(arguments) != 6 {
		return nil, errors.New("usage: vet LIST FILE START END VARIANT VARIANT_END")
	}
	list, file, variant := arguments[0], arguments[1], arguments[4]
	var at [3]int
	for i, k := range []int{2, 3, 5} {
		var err error
		if at[i], err = strconv.Atoi(arguments[k]); err != nil {
			return nil, err
		}
	}
	packages, own, err := readList(list)
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	importer := newExports(files, packages, own)
	before, after := newView(files), newView(files)
	if err := before.load(importer, own, file, file, at[0], at[1]); err != nil {
		return nil, err
	}
	if len(before.errors) > 0 && len(own.CgoFiles) == 0 {
		return nil, before.errors[0]
	}
	if err := after.load(importer, own, file, variant, at[0], at[2]); err != nil {
		return nil, err
	}
	if after.crossed {
		return &refusal{"harness-memory", "a comment or text that hides what follows"}, nil
	}
	if unknown := after.newError(before); unknown != "" {
		return &refusal{"harness-memory", "it compiles only beside the harness: " + unknown}, nil
	}
	return (&vetting{after, before.habits(), map[*ast.FuncDecl]bool{}}).all(), nil
}

func main() {
	refused, err := run(os.Args[1:])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if refused != nil {
		fmt.Println(refused)
	}
}
