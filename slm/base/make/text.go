package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// entry is the documentation of one thing.
type entry struct {
	name string // strings.Cut, http.Client.Do, or the path of a package
	text string
}

// documentation returns what the comments of Go's standard library and commands say, in the order of folders and names.
func documentation(root string) ([]entry, error) {
	var folders []string
	err := filepath.WalkDir(filepath.Join(root, "src"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		switch d.Name() {
		case "vendor", "testdata":
			return filepath.SkipDir
		}
		folders = append(folders, path)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(folders)
	var all []entry
	for _, folder := range folders {
		entries, err := folderDocumentation(folder)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	return all, nil
}

// folderDocumentation returns the comments on the declarations of a folder, in the order of files and of lines. Files
// for all systems are read.
func folderDocumentation(folder string) ([]entry, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var all []entry
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		all = append(all, fileDocumentation(file)...)
	}
	return all, nil
}

func fileDocumentation(file *ast.File) []entry {
	p := file.Name.Name
	var all []entry
	add := func(name string, comment *ast.CommentGroup) {
		if text := comment.Text(); strings.TrimSpace(text) != "" {
			all = append(all, entry{name, text})
		}
	}
	add(p, file.Doc)
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			add(p+"."+receiver(d)+d.Name.Name, d.Doc)
		case *ast.GenDecl:
			for i, spec := range d.Specs {
				name, comment := "", (*ast.CommentGroup)(nil)
				switch s := spec.(type) {
				case *ast.TypeSpec:
					name, comment = s.Name.Name, s.Doc
				case *ast.ValueSpec:
					name, comment = s.Names[0].Name, s.Doc
				}
				if i == 0 && comment == nil {
					comment = d.Doc
				}
				if name != "" {
					add(p+"."+name, comment)
				}
			}
		}
	}
	return all
}

// receiver returns the name of a method's type and a dot, or nothing for a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return ""
	}
	t := f.Recv.List[0].Type
	for {
		switch inner := t.(type) {
		case *ast.StarExpr:
			t = inner.X
		case *ast.IndexExpr:
			t = inner.X
		case *ast.IndexListExpr:
			t = inner.X
		case *ast.Ident:
			return inner.Name + "."
		default:
			return ""
		}
	}
}
