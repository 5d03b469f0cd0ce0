package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	connectTimeout = 15 * time.Second
	maxRedirects   = 10
	userAgent      = "evenkeel"
)

// origin is a repository and the way there: the connections to its own host use its certificates, those to any other the system's, and
// the credential goes to the origins (scheme, host and port) in credentialFor alone, whatever redirects say.
type origin struct {
	access  Access
	refused *Refused
	// base is the repository's URL without user name and password.
	base          *url.URL
	credentialFor map[string]bool
	own, others   http.RoundTripper
}

func openOrigin(request *Request) (*origin, error) {
	access := request.Access
	base, err := baseURL(&access, request.Kind)
	if err != nil {
		return nil, err
	}
	adoptUserinfo(&access, base)
	trust, err := trustOf(&access)
	if err != nil {
		return nil, err
	}
	own, err := newTransport(&request.Refused, access.Proxy, trust)
	if err != nil {
		return nil, err
	}
	others, err := newTransport(&request.Refused, access.Proxy, &tls.Config{MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, err
	}
	return &origin{access: access, refused: &request.Refused, base: base, credentialFor: map[string]bool{}, own: own, others: others}, nil
}

// baseURL reads the repository's URL; registries are written without a scheme, with oci:// or with the http(s) of old.
func baseURL(access *Access, kind string) (*url.URL, error) {
	text := access.URL
	if kind != "index" {
		_, rest, found := strings.Cut(text, "://")
		if !found {
			rest = text
		}
		scheme := "https"
		if access.PlainHTTP {
			scheme = "http"
		}
		text = scheme + "://" + rest
	}
	parsed, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return nil, invalidf("repository URL %s is no http, https or oci URL", shownURL(access.URL))
	}
	return parsed, nil
}

func adoptUserinfo(access *Access, base *url.URL) {
	user := base.User
	base.User = nil
	if user == nil || access.Credential.Kind == "basic" || access.Credential.Kind == "bearer" {
		return
	}
	password, _ := user.Password()
	access.Credential = Credential{Kind: "basic", Username: user.Username(), Password: password}
}

func trustOf(access *Access) (*tls.Config, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: access.Insecure}
	if access.CA != "" {
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM([]byte(access.CA)) {
			return nil, invalidf("the certificates that are configured for the host of %s are no PEM certificates", shownURL(access.URL))
		}
	}
	if pair := access.ClientCertificate; pair != nil {
		certificate, err := tls.X509KeyPair([]byte(pair.Cert), []byte(pair.Key))
		if err != nil {
			return nil, invalidf("the client certificate for %s and its key do not fit: they must be PEM, and of one pair", shownURL(access.URL))
		}
		trust.Certificates = []tls.Certificate{certificate}
	}
	return trust, nil
}

func newTransport(refused *Refused, proxy string, trust *tls.Config) (*http.Transport, error) {
	dialer := &net.Dialer{Timeout: connectTimeout, Control: refused.checkDialed(proxy != "")}
	transport := &http.Transport{
		DialContext:         dialer.DialContext,
		TLSClientConfig:     trust,
		TLSHandshakeTimeout: connectTimeout,
		ForceAttemptHTTP2:   true,
		DisableCompression:  true, // an archive must arrive as it is, even if a server calls its gzip an encoding
	}
	if proxy != "" {
		parsed, err := url.Parse(proxy)
		if err != nil || parsed.Host == "" {
			return nil, invalidf("proxy %s is no URL", shownURL(proxy))
		}
		transport.Proxy = http.ProxyURL(parsed)
	}
	return transport, nil
}

// client follows redirects; RoundTrip decides anew for each of them.
func (r *origin) client() *http.Client {
	return &http.Client{
		Transport: r,
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			next.Header.Del("Referer")
			if originOf(next.URL) != originOf(via[len(via)-1].URL) {
				next.Header.Del("Authorization")
			}
			if len(via) >= maxRedirects {
				return invalidf("%s redirects more than %d times", via[0].URL.Host, maxRedirects)
			}
			return nil
		},
	}
}

// RoundTrip sends one request over the connections that are right for its host.
func (r *origin) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != "http" && request.URL.Scheme != "https" {
		return nil, invalidf("%s leads to a URL of scheme %q, which is refused", r.base.Host, request.URL.Scheme)
	}
	if err := r.refused.checkHost(request.URL.Hostname()); err != nil {
		return nil, err
	}
	request = request.Clone(request.Context())
	request.Header.Set("User-Agent", userAgent)
	if authorization := r.access.authorization(); authorization != "" && r.credentialFor[originOf(request.URL)] && request.Header.Get("Authorization") == "" {
		request.Header.Set("Authorization", authorization)
	}
	if r.base.Scheme == "https" && request.URL.Scheme == "http" && request.Header.Get("Authorization") != "" {
		return nil, forbidden(fmt.Errorf("%s asks for its credential over http, which is refused", r.base.Host))
	}
	if strings.EqualFold(request.URL.Hostname(), r.base.Hostname()) {
		return r.own.RoundTrip(request)
	}
	return r.others.RoundTrip(request)
}

func (access *Access) authorization() string {
	switch access.Credential.Kind {
	case "basic":
		pair := access.Credential.Username + ":" + access.Credential.Password
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
	case "bearer":
		return "Bearer " + access.Credential.Token
	}
	return ""
}

// originOf is scheme, host and port, the port written out (RFC 6454).
func originOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// unwrapped leaves out the method and URL that http.Client puts before an error, where the message names them itself.
func unwrapped(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
