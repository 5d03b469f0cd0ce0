package kustomize

import (
	"net/url"
	"path"
	"regexp"
	"strings"
)

// Which entries kustomize takes for something on another host: api/internal/git/repospec.go and api/internal/loader/fileloader.go of
// sigs.k8s.io/kustomize/api, which do not offer their rules to others.

var (
	schemes  = []string{"ssh://", "https://", "http://", "file://"}
	userName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]*@`)
)

// isRemoteFile says whether kustomize would ask a web server for a file.
func isRemoteFile(entry string) bool {
	parsed, err := url.Parse(entry)
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https")
}

// repository is an entry that kustomize would clone.
type repository struct {
	// clone is what it would give to git, inside the path in the clone, and ref the branch, tag or commit.
	clone, inside, ref string
}

func isRepository(entry string) bool {
	_, ok := parseRepository(entry)
	return ok
}

func parseRepository(entry string) (repository, bool) {
	if path.IsAbs(entry) {
		return repository{}, false
	}
	rest, query, _ := strings.Cut(entry, "?")
	rest, _ = cutPrefixFold(rest, "git::")
	scheme := ""
	for _, known := range schemes {
		if after, ok := cutPrefixFold(rest, known); ok {
			scheme, rest = known, after
			break
		}
	}
	host, segments := scheme, 0
	if scheme != "file://" {
		segments = 2
		var ok bool
		if host, rest, ok = splitHost(scheme, rest); !ok {
			return repository{}, false
		}
	}
	name, inside := splitRepository(rest, segments)
	if name == "" || leaves(inside) {
		return repository{}, false
	}
	return repository{clone: host + name, inside: strings.TrimPrefix(inside, "/"), ref: refOf(query)}, true
}

// splitHost parts scheme, user and host, in the one spelling that kustomize has for GitHub, from the path.
func splitHost(scheme, text string) (host, rest string, ok bool) {
	user := userName.FindString(text)
	text = text[len(user):]
	_, slash := cutPrefixFold(text, "github.com/")
	_, colon := cutPrefixFold(text, "github.com:")
	// The form of scp has no scheme: user@host:path.
	copyForm := scheme == "" && (user != "" || slash || colon)
	if scheme == "" && !copyForm {
		return "", "", false
	}
	at := hostEnd(text, copyForm)
	switch {
	case at < 0:
		return "", "", false
	case (slash || colon) && (scheme == "ssh://" || user != ""):
		return user + "github.com:", text[at+1:], true
	case slash || colon:
		return "https://github.com/", text[at+1:], true
	}
	return scheme + user + text[:at+1], text[at+1:], true
}

func refOf(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	if ref := values.Get("ref"); ref != "" {
		return ref
	}
	return values.Get("version")
}

func cutPrefixFold(text, prefix string) (string, bool) {
	if len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) {
		return text[len(prefix):], true
	}
	return text, false
}

func hostEnd(text string, copyForm bool) int {
	slash := strings.Index(text, "/")
	if !copyForm {
		return slash
	}
	if colon := strings.Index(text, ":"); slash < 0 || colon > 0 && colon < slash {
		return colon
	}
	return slash
}

// splitRepository parts the path of a repository from the path inside it: at a marker, or after so many segments (0: all of them).
func splitRepository(text string, segments int) (repository, inside string) {
	const azure, double, suffix = "_git/", "//", ".git"
	if at := strings.Index(text, azure); at >= 0 {
		name, rest, _ := strings.Cut(text[at+len(azure):], "/")
		return text[:at+len(azure)] + name, rest
	}
	if before, after, found := strings.Cut(text, double); found {
		return before, after
	}
	if before, after, found := strings.Cut(text, suffix); found {
		return before + suffix, after
	}
	if segments == 0 {
		return text, ""
	}
	parts := strings.Split(text, "/")
	if len(parts) < segments {
		return "", ""
	}
	return strings.Join(parts[:segments], "/"), strings.Join(parts[segments:], "/")
}

func leaves(inside string) bool {
	clean := path.Clean(strings.TrimPrefix(inside, "/"))
	return clean == ".." || strings.HasPrefix(clean, "../")
}

// shownRemote is a remote entry as a message may repeat it: without a password, and without the query, which may hold a token.
func shownRemote(entry string) string {
	shown, _, _ := strings.Cut(entry, "?")
	scheme, rest, found := strings.Cut(shown, "://")
	if !found {
		return shown
	}
	host, after, hasPath := strings.Cut(rest, "/")
	host = host[strings.LastIndex(host, "@")+1:]
	if hasPath {
		return scheme + "://" + host + "/" + after
	}
	return scheme + "://" + host
}
