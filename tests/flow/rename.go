// SPDX-License-Identifier: Apache-2.0

//go:build ignore

// rename FROM INTO
//
// Copies the package of a folder into another house: its module, its files and every name in it are other ones
// (functions, methods, types, fields, parameters, locals, imports), declarations stand in the opposite order, comments
// are others, characters are spelled in another way, the checksum has another polynomial. Every second declaration
// stands in one line; the others break after each token that allows it. Prints the map of names, "OLD NEW" a line.
package main

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

const (
	polynomial, otherPolynomial = "0xedb88320", "2197175160"
	commentEvery                = 9
	goVersion                   = "1.21"
)

// What is left as it is though it is the package's own.
var kept = map[string]bool{"_": true, "init": true, "main": true}

// A new name for each old one, made of nothing. Different names stay different, so scopes stay what they are.
type names struct {
	draw  *rand.Rand
	of    map[string]string
	order []string
}

func (n *names) word() string {
	var word strings.Builder
	for i := 0; i < 3; i++ {
		word.WriteByte("bdfgklmnprstvz"[n.draw.Intn(14)])
		word.WriteByte("aeiou"[n.draw.Intn(5)])
	}
	return word.String()
}

func (n *names) other(old string) string {
	if kept[old] {
		return old
	}
	if _, known := n.of[old]; !known {
		n.of[old] = fmt.Sprint(n.word(), len(n.order))
		n.order = append(n.order, old)
	}
	return n.of[old]
}

type house struct {
	names *names
	files *token.FileSet
	info  types.Info
	pkg   *types.Package
}

// Whether a name was given in this package, an import's included.
func (h *house) isOwn(identifier *ast.Ident) bool {
	if object, is := h.info.Defs[identifier]; is {
		return object == nil || object.Pkg() == h.pkg
	}
	object := h.info.Uses[identifier]
	return object != nil && object.Pkg() == h.pkg
}

// Where the package's own names stand below a node, and the imports that are used there.
func (h *house) collect(node ast.Node, at map[int]bool, imports map[string]string) {
	ast.Inspect(node, func(n ast.Node) bool {
		identifier, is := n.(*ast.Ident)
		if !is || !h.isOwn(identifier) {
			return true
		}
		at[h.files.Position(identifier.Pos()).Offset] = true
		if used, is := h.info.Uses[identifier].(*types.PkgName); is {
			imports[used.Imported().Path()] = h.names.other(identifier.Name)
		}
		return true
	})
}

// Whether a line that ends after such a token goes on.
func goesOn(tok token.Token) bool {
	switch tok {
	case token.IDENT, token.INT, token.FLOAT, token.IMAG, token.CHAR, token.STRING, token.BREAK, token.CONTINUE,
		token.FALLTHROUGH, token.RETURN, token.INC, token.DEC, token.RPAREN, token.RBRACK, token.RBRACE:
		return false
	}
	return true
}

func (h *house) spelled(tok token.Token, literal string, own bool) string {
	switch {
	case tok == token.IDENT && own:
		return h.names.other(literal)
	case tok == token.CHAR && len(literal) == len("'a'"):
		return fmt.Sprintf(`'\x%02x'`, literal[1])
	case literal == "" || literal == "\n":
		return tok.String()
	}
	return literal
}

// A declaration in another layout. Semicolons that end lines are written out.
func (h *house) rewrite(text []byte, declaration ast.Decl, at map[int]bool, oneLine bool) string {
	start, end := h.files.Position(declaration.Pos()).Offset, h.files.Position(declaration.End()).Offset
	var tokens scanner.Scanner
	var out strings.Builder
	file := token.NewFileSet().AddFile("", -1, end-start)
	tokens.Init(file, text[start:end], nil, 0)
	for count := 1; ; count++ {
		position, tok, literal := tokens.Scan()
		if tok == token.EOF {
			return out.String() + "\n"
		}
		out.WriteString(h.spelled(tok, literal, at[start+file.Offset(position)]))
		out.WriteByte(' ')
		if count%commentEvery == 0 {
			fmt.Fprintf(&out, "/* %s */ ", h.names.word())
		}
		if !oneLine && goesOn(tok) {
			out.WriteByte('\n')
		}
	}
}

func (h *house) move(from string, text []byte, tree *ast.File) string {
	at, imports := map[int]bool{}, map[string]string{}
	var moved []string
	for i, declaration := range tree.Decls {
		if general, is := declaration.(*ast.GenDecl); is && general.Tok == token.IMPORT {
			continue
		}
		h.collect(declaration, at, imports)
		moved = append([]string{h.rewrite(text, declaration, at, i%2 == 0)}, moved...)
	}
	var head []string
	for path, name := range imports {
		head = append(head, fmt.Sprintf("import %s %q\n", name, path))
	}
	sort.Strings(head)
	return fmt.Sprintf("package %s\n\n%s\n%s", h.names.other(tree.Name.Name), strings.Join(head, ""),
		strings.Join(moved, "\n"))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "rename:", err)
		os.Exit(1)
	}
}

// The files of the package but its tests.
func read(from string, files *token.FileSet) (paths []string, texts [][]byte, trees []*ast.File) {
	found, err := filepath.Glob(filepath.Join(from, "*.go"))
	check(err)
	for _, path := range found {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		check(err)
		text = []byte(strings.ReplaceAll(string(text), polynomial, otherPolynomial))
		tree, err := parser.ParseFile(files, path, text, 0)
		check(err)
		paths, texts, trees = append(paths, path), append(texts, text), append(trees, tree)
	}
	return
}

func main() {
	from, into := os.Args[1], os.Args[2]
	h := house{
		names: &names{draw: rand.New(rand.NewSource(11)), of: map[string]string{}},
		files: token.NewFileSet(),
		info:  types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}},
	}
	paths, texts, trees := read(from, h.files)
	checker := types.Config{Importer: importer.ForCompiler(h.files, "source", nil)}
	var err error
	h.pkg, err = checker.Check("here", h.files, trees, &h.info)
	check(err)
	check(os.MkdirAll(into, 0o777))
	for i, path := range paths {
		moved := h.move(path, texts[i], trees[i])
		name := h.names.other(strings.TrimSuffix(filepath.Base(path), ".go")) + ".go"
		check(os.WriteFile(filepath.Join(into, name), []byte(moved), 0o666))
	}
	module := fmt.Sprintf("module example.net/%s\n\ngo %s\n", h.names.word(), goVersion)
	check(os.WriteFile(filepath.Join(into, "go.mod"), []byte(module), 0o666))
	for _, old := range h.names.order {
		fmt.Println(old, h.names.of[old])
	}
}
