package protocol

import "fmt"

const (
	// MaxOutputBytes is the size of all documents of one answer.
	MaxOutputBytes = 32 << 20
	// MaxDocuments is the number of documents of one answer.
	MaxDocuments = 20_000
)

func withinLimits(answer Answer) error {
	size, count := 0, len(answer.Documents)
	for _, document := range answer.Documents {
		size += len(document)
	}
	for _, file := range answer.Files {
		count += len(file.Documents)
		for _, document := range file.Documents {
			size += len(document.Value)
		}
	}
	if count > MaxDocuments {
		return fmt.Errorf("the source renders to %d documents, more than %d", count, MaxDocuments)
	}
	if size > MaxOutputBytes {
		return fmt.Errorf("the source renders to %d bytes, more than %d", size, MaxOutputBytes)
	}
	return nil
}
