package gateway

import (
	"cmp"
	"errors"
	"os"
	"path"
	"strings"
)

// basePath returns the environment variable BASE_PATH: the base path of a custom domain, such as
// /v1, without a slash at the end, or "" for none.
func basePath() (string, error) {
	base := strings.TrimSuffix(os.Getenv("BASE_PATH"), "/")
	if base != "" && base != path.Clean("/"+base) {
		return "", errors.New("BASE_PATH must be a path such as /v1")
	}
	return base, nil
}

// split divides the path that the browser requested into the stage or base path, and the rest.
//
// In payload format 1.0 the path has no stage, but the path of the request context has one; in
// format 2.0 there is just one path, with the stage. With the base path of a custom domain, all of
// them have that and none has the stage.
func (f *function) split(e *event) (base, rest string) {
	path := e.path()
	if e.format == version1 {
		path = cmp.Or(e.RequestContext.Path, path)
	}
	for _, base := range []string{"/" + e.RequestContext.Stage, f.basePath} {
		rest, found := strings.CutPrefix(path, base)
		if found && base != "" && (rest == "" || rest[0] == '/') {
			return base, rest
		}
	}
	return "", path
}
