package fetch

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// Fault is an error as the answer has it: invalid (asking again changes nothing), unavailable (it may), forbidden (refused, by the server
// or by us), full (the disk has no room).
type Fault struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

const (
	kindInvalid     = "invalid"
	kindUnavailable = "unavailable"
	kindForbidden   = "forbidden"
	kindFull        = "full"
)

// kinded is an error whose kind is known where it arises.
type kinded struct {
	kind string
	err  error
}

func (k *kinded) Error() string { return k.err.Error() }
func (k *kinded) Unwrap() error { return k.err }

func invalid(err error) error { return &kinded{kindInvalid, err} }

func invalidf(format string, args ...any) error { return invalid(fmt.Errorf(format, args...)) }

func forbidden(err error) error { return &kinded{kindForbidden, err} }

// statusFault tells by an HTTP status what asking again would bring.
func statusFault(status int, err error) error { return &kinded{statusKind(status), err} }

func statusKind(status int) string {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return kindForbidden
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500:
		return kindUnavailable
	}
	return kindInvalid
}

func (request *Request) answerFault(ctx context.Context, err error) *Fault {
	if ctx.Err() != nil {
		return &Fault{kindUnavailable, fmt.Sprintf("%s: no answer within %g s", shownURL(request.Access.URL), request.TimeoutSeconds)}
	}
	return &Fault{kindOf(err), request.Access.scrubbed(messageOf(err))}
}

// memoryFault is for what would take more memory than there is for it: nobody but the server can change that.
func (request *Request) memoryFault() *Fault {
	limit := sizeText(int64(request.Limits.MemoryBytes))
	return &Fault{kindInvalid, fmt.Sprintf("%s: reading what it serves takes more than %s of memory", shownURL(request.Access.URL), limit)}
}

// kindOf looks for the innermost answer to the question who has to act; what is not known is a broken connection.
func kindOf(err error) string {
	var known *kinded
	var answered *errcode.ErrorResponse
	var certificate *tls.CertificateVerificationError
	var alert tls.AlertError
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return kindFull
	case errors.As(err, &known):
		return known.kind
	case errors.As(err, &answered):
		return statusKind(answered.StatusCode)
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		return kindForbidden
	case errors.Is(err, errdef.ErrNotFound), errors.Is(err, errdef.ErrInvalidReference), errors.Is(err, errdef.ErrInvalidDigest),
		errors.Is(err, errdef.ErrSizeExceedsLimit), errors.Is(err, errdef.ErrUnsupported):
		return kindInvalid
	case errors.As(err, &certificate), errors.As(err, &alert), strings.Contains(err.Error(), "remote error: tls:"):
		return kindInvalid
	}
	return kindUnavailable
}

var (
	inURL = regexp.MustCompile(`\b([a-z][a-z0-9+.-]*://)(?:[^/\s"']*@)?([^\s"'?]*)(\?[^\s"']*)?`)
	// A registry's URL may come without a scheme.
	userinfo  = regexp.MustCompile(`^[^/]+@`)
	lineBreak = regexp.MustCompile(`\s*\n\s*`)
)

const maxMessage = 2000

// messageOf shows URLs without user name, password and query: a redirect may carry its permission there.
func messageOf(err error) string {
	text := inURL.ReplaceAllString(lineBreak.ReplaceAllString(err.Error(), " "), "$1$2")
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return text
}

func shownURL(text string) string {
	return inURL.ReplaceAllString(userinfo.ReplaceAllString(text, ""), "$1$2")
}

// Texts this short would tear holes into every message.
const minScrubbed = 4

// scrubbed takes out what a server may have sent back to us of our own credential.
func (access *Access) scrubbed(text string) string {
	secrets := []string{access.Credential.Password, access.Credential.Token}
	if user := access.userinfo(); user != nil {
		password, _ := user.Password()
		secrets = append(secrets, password)
	}
	for _, secret := range secrets {
		if len(secret) < minScrubbed {
			continue
		}
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
			text = strings.ReplaceAll(text, form, "******")
		}
	}
	if access.Credential.Kind == "basic" {
		pair := access.Credential.Username + ":" + access.Credential.Password
		text = strings.ReplaceAll(text, base64.StdEncoding.EncodeToString([]byte(pair)), "******")
	}
	return text
}

func (access *Access) userinfo() *url.Userinfo {
	_, rest, found := strings.Cut(access.URL, "://")
	if !found {
		rest = access.URL
	}
	parsed, err := url.Parse("//" + rest)
	if err != nil {
		return nil
	}
	return parsed.User
}
