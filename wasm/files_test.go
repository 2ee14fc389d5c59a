package wasm_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

func copyFile(dir, name string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), b, 0o644)
}

func same(a, b string) error {
	x, err := os.ReadFile(a)
	if err != nil {
		return err
	}
	y, err := os.ReadFile(b)
	if err != nil {
		return err
	}
	if !bytes.Equal(x, y) {
		return fmt.Errorf("%s is not what its generator writes: go generate ./wasm", a)
	}
	return nil
}
