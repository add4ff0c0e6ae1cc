package soundcache

import "time"

// name is that of an entry of a test.
var name = hashOf("a")

// EncodedEntry returns an entry as it is on disk.
func EncodedEntry() []byte {
	return (&entry{Entry: Entry{Rate: 8000, Samples: 1}, name: name, sum: name, made: time.Unix(1, 0)}).encode()
}

// DecodedEntry reads one.
func DecodedEntry(file []byte) (Entry, bool) {
	e, err := decodeEntry(name, file)
	if err != nil {
		return Entry{}, false
	}
	return e.Entry, true
}
