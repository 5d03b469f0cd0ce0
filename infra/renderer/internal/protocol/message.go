// Package protocol speaks with the caller: requests as JSON lines in, answers as JSON lines out, several at work at once.
package protocol

import "encoding/json"

// Request is one render.
type Request struct {
	ID    string            `json:"id"`
	Roots map[string]string `json:"roots"`
	Files map[string]string `json:"files"`
	Job   json.RawMessage   `json:"job"`
}

// Answer is what became of a request. One of Documents, Files, Needs and Error says how it ended.
type Answer struct {
	ID        string              `json:"id"`
	Reads     map[string][]string `json:"reads"`
	Documents []json.RawMessage   `json:"documents,omitzero"`
	Files     []File              `json:"files,omitzero"`
	Needs     []Need              `json:"needs,omitzero"`
	Error     string              `json:"error,omitzero"`
}

// Place is a path in one of the roots of a request.
type Place struct {
	Root string `json:"root"`
	Path string `json:"path"`
}

// File is what a file of plain manifests holds, up to its first fault.
type File struct {
	Path      string     `json:"path"`
	Documents []Document `json:"documents"`
	Fault     *Fault     `json:"fault,omitzero"`
}

// Document is one document of a file and the line that it begins on, from 1.
type Document struct {
	Line  int             `json:"line"`
	Value json.RawMessage `json:"value"`
}

// Fault is what is wrong with a file, and where.
type Fault struct {
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// Need is something that must be fetched before the request can be answered: text of a remote entry, or a chart.
type Need struct {
	Kind       string `json:"kind"`
	Text       string `json:"text,omitzero"`
	Repository string `json:"repository,omitzero"`
	Name       string `json:"name,omitzero"`
	Version    string `json:"version,omitzero"`
	Locked     string `json:"locked,omitzero"`
}
