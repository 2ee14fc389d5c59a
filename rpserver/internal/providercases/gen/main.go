// Command gen writes the documents of providercases.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/bonafides-dev/bonafides/rpserver/internal/providercases"
)

const root = "../../.." // go generate runs in the folder of the package

func main() {
	documents, err := providercases.Documents(root)
	if err != nil {
		log.Fatal(err)
	}
	for name, text := range documents {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
