//go:build !linux

package speech

import "os"

// scratch returns a file whose name is gone already.
func scratch() (*os.File, error) {
	file, err := os.CreateTemp("", "switchhook-speech-*")
	if err != nil {
		return nil, err
	}
	return file, os.Remove(file.Name())
}
