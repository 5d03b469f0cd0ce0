package seal

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime/debug"
)

// ErrNetwork is what every attempt to reach another host meets.
var ErrNetwork = errors.New("the network is closed while rendering")

// nowhere is a path at which nobody can make a file.
const nowhere = "/proc/nowhere"

type closed struct{}

func (closed) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body != nil {
		_ = request.Body.Close()
	}
	return nil, ErrNetwork
}

// CloseProcess takes from this process what a render must not have: the environment, the network, and a voice of its own.
// Libraries print warnings with file contents to standard error, which nobody reads and which might carry secrets.
func CloseProcess() error {
	kept := map[string]string{}
	// Go reads GODEBUG and GOMAXPROCS when it starts; TMPDIR says where the one kind of render that needs a real folder makes it.
	for _, name := range []string{"TMPDIR", "GODEBUG", "GOMAXPROCS", "GOMEMLIMIT"} {
		if value, ok := os.LookupEnv(name); ok {
			kept[name] = value
		}
	}
	os.Clearenv()
	// What the helm of a kustomization with charts inherits: no way out, and no plugin or setting that a repository could bring.
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY"} {
		kept[name] = "http://127.0.0.1:1"
	}
	for _, name := range []string{"HELM_PLUGINS", "HELM_REPOSITORY_CONFIG", "HELM_REPOSITORY_CACHE", "HELM_REGISTRY_CONFIG"} {
		kept[name] = nowhere
	}
	for name, value := range kept {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	http.DefaultTransport = closed{}
	http.DefaultClient = &http.Client{Transport: closed{}}
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: refuse}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	os.Stderr = null
	debug.SetTraceback("none")
	log.SetOutput(io.Discard)
	return nil
}

func refuse(context.Context, string, string) (net.Conn, error) { return nil, ErrNetwork }
