// Package schemas are Kazoo's JSON Schemas of documents and of the data of callflow
// modules, as files NAME.json. It is data: internal/schema checks by it.
package schemas

import (
	"embed"
	"io/fs"
)

//go:embed *.json
var files embed.FS

// Files holds the schemas at its root.
func Files() fs.FS { return files }
