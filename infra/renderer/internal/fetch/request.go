package fetch

// Request is one thing to fetch. It holds secrets and is never printed.
type Request struct {
	// Action is versions, resolve or pull.
	Action string `json:"action"`
	// Kind is what serves it: index (a Helm repository over http), chart (a Helm chart in an OCI registry), artifact (anything else there).
	Kind   string `json:"kind"`
	Access Access `json:"access"`
	// Chart is its name in the repository; empty for artifacts.
	Chart string `json:"chart"`
	// Version is a chart's version, or an artifact's tag or digest.
	Version string `json:"version"`
	// Into is an empty folder, for pull.
	Into           string  `json:"into"`
	TimeoutSeconds float64 `json:"timeoutSeconds"`
	Limits         Limits  `json:"limits"`
	Refused        Refused `json:"refused"`
}

// Access is how a repository is reached.
type Access struct {
	URL        string     `json:"url"`
	Credential Credential `json:"credential"`
	// ClientCertificate and CA are PEM. The CA takes the place of the system's for the repository's host, and for no other.
	ClientCertificate *KeyPair `json:"clientCertificate"`
	CA                string   `json:"ca"`
	Insecure          bool     `json:"insecure"`
	Proxy             string   `json:"proxy"`
	// ForceBasic sends Basic to a registry without waiting for a challenge.
	ForceBasic bool `json:"forceBasic"`
	// PassCredentials sends the credential to the host that an index names for a chart, too.
	PassCredentials bool `json:"passCredentials"`
	PlainHTTP       bool `json:"plainHttp"`
}

// Credential is none, basic or bearer.
type Credential struct {
	Kind     string `json:"kind"`
	Username string `json:"username"`
	Password string `json:"password"`
	Token    string `json:"token"`
}

// KeyPair is a client certificate and its key, in PEM.
type KeyPair struct {
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

// Limits bound what is taken from a server, and what this process may take of the machine.
type Limits struct {
	MemoryBytes  uint64 `json:"memoryBytes"`
	IndexBytes   int64  `json:"indexBytes"`
	ArchiveBytes int64  `json:"archiveBytes"`
	// TotalBytes and Files bound what is extracted, FileBytes each file of it.
	TotalBytes int64 `json:"totalBytes"`
	FileBytes  int64 `json:"fileBytes"`
	Files      int   `json:"files"`
	Tags       int   `json:"tags"`
}

// Answer carries what the action asked for, or the error.
type Answer struct {
	Versions []Version `json:"versions,omitempty"`
	Pulled   *Pulled   `json:"pulled,omitempty"`
	Digest   string    `json:"digest,omitempty"`
	Error    *Fault    `json:"error,omitempty"`
}

// Version is one that a repository has, with the digest of its archive where an index says it.
type Version struct {
	Version string `json:"version"`
	Digest  string `json:"digest,omitempty"`
}

// Pulled is what a pull put into the folder.
type Pulled struct {
	// Digest is the archive's for an index, the manifest's for a registry.
	Digest string `json:"digest"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
}
