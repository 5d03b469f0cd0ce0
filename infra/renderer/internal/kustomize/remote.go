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

// isRepository says whether kustomize would clone a repository for a folder.
func isRepository(entry string) bool {
	if path.IsAbs(entry) {
		return false
	}
	rest, _, _ := strings.Cut(entry, "?")
	rest, _ = cutPrefixFold(rest, "git::")
	scheme := ""
	for _, known := range schemes {
		if after, ok := cutPrefixFold(rest, known); ok {
			scheme, rest = known, after
			break
		}
	}
	if scheme == "file://" {
		repository, inside := splitRepository(rest, 0)
		return repository != "" && !leaves(inside)
	}
	user := userName.FindString(rest)
	rest = rest[len(user):]
	_, slash := cutPrefixFold(rest, "github.com/")
	_, colon := cutPrefixFold(rest, "github.com:")
	// The form of scp has no scheme: user@host:path.
	copyForm := scheme == "" && (user != "" || slash || colon)
	if scheme == "" && !copyForm {
		return false
	}
	at := hostEnd(rest, copyForm)
	if at < 0 || at == 0 && rest == "" {
		return false
	}
	repository, inside := splitRepository(rest[at+1:], 2)
	return repository != "" && !leaves(inside)
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
