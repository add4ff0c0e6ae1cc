package clicktocall_test

import (
	"encoding/json"
	"net/http"
	"testing"
)

// TestARequestMayBeginWithAByteOrderMark, as those of some programs do.
func TestARequestMayBeginWithAByteOrderMark(t *testing.T) {
	s := start(t, "")
	text, err := json.Marshal(s.proved(visiting, "sales", nil))
	if err != nil {
		t.Fatal(err)
	}
	got := s.read(s.ask(visiting, http.MethodPost, "/click-to-call", "\uFEFF"+string(text)))
	if got.Status != http.StatusAccepted && got.Status != http.StatusOK {
		t.Errorf("answered %d %s %q", got.Status, got.Code, got.Message)
	}
}
