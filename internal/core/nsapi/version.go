package nsapi

import "time"

func (h *Handler) version(*call) (reply, error) {
	return shown(map[string]string{
		"apiversion":   h.config.Version,
		"hostname":     h.config.Hostname,
		"current-time": h.config.Now().UTC().Format(time.DateTime),
	})
}
