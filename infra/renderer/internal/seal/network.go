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
	// Go reads these when it starts.
	for _, name := range []string{"GODEBUG", "GOMAXPROCS", "GOMEMLIMIT"} {
		if value, ok := os.LookupEnv(name); ok {
			kept[name] = value
		}
	}
	os.Clearenv()
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
