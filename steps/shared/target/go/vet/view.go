// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// A package as the type checker sees it.
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
	"strings"
)

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

	directives []string // to the compiler, in the part
	errors     []types.Error
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
	for _, group := range tree.Comments {
		v.crossed = v.crossed || v.inside(group.Pos()) && group.End() > v.part[1]
		for _, comment := range group.List {
			if v.inside(comment.Pos()) && isDirective(comment.Text) {
				v.directives = append(v.directives, comment.Text)
			}
		}
	}
}

// Whether a comment means something to the compiler: //go:linkname is another way to a name, //line to a file.
func isDirective(comment string) bool {
	for _, start := range []string{"//go:", "//line ", "/*line ", "//export "} {
		if strings.HasPrefix(comment, start) {
			return true
		}
	}
	return false
}

// The first directive that another view has not; "" when there is none.
func (v *view) newDirective(other *view) string {
	known := map[string]bool{}
	for _, directive := range other.directives {
		known[directive] = true
	}
	for _, directive := range v.directives {
		if !known[directive] {
			return directive
		}
	}
	return ""
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
