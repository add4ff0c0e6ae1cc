package wire

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/switchhook/switchhook/internal/fault"
)

// Receiver takes texts from outside. It is the Core.
type Receiver interface {
	// ReceiveText delivers a text. If the number is nobody's, the error is a
	// *fault.Error.
	ReceiveText(ctx context.Context, from, to, message string) error
}

// Texts is the http.Handler of TextPath. Put it behind a Door.
type Texts struct {
	Receiver Receiver
}

// ServeHTTP takes POST with a JSON object of from, to and message.
func (h *Texts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "a text is posted", http.StatusMethodNotAllowed)
		return
	}
	var text struct{ From, To, Message string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxText)).Decode(&text); err != nil {
		http.Error(w, `a text is a JSON object such as {"from":"+12125550100","to":"19294873999","message":"STOP"}`, http.StatusBadRequest)
		return
	}
	if err := h.Receiver.ReceiveText(r.Context(), text.From, text.To, text.Message); err != nil {
		http.Error(w, err.Error(), fault.HTTPStatus(err))
		return
	}
	w.WriteHeader(http.StatusAccepted)
}
