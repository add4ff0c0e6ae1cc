package nsapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/core"
)

// The two kinds of forms.
const (
	multipartForm = "multipart/form-data"               // RFC 7578
	urlEncoded    = "application/x-www-form-urlencoded" // WHATWG URL, section 5
)

// badForm is what is wrong with one that multipart cannot read.
const badForm = "the body is no multipart/form-data of its boundary, or ends before it is whole"

// isForm reports whether the body is declared as a form.
func (c *call) isForm() bool {
	kind, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	return err == nil && c.Method == http.MethodPost && (kind == multipartForm || kind == urlEncoded)
}

// decodeForm reads a body of multipart/form-data: plain fields, each once, to the
// end that it must have.
func (c *call) decodeForm(w http.ResponseWriter) error {
	kind, parameters, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || kind != multipartForm {
		return failf(http.StatusUnsupportedMediaType, "the body is declared as %.100q; multipart/form-data alone is read here", c.Header.Get("Content-Type"))
	}
	c.fields = core.Fields{}
	return c.readParts(w, parameters["boundary"], c.addField)
}

// decodeParameters reads the parameters of a legacy call, wherever they are: in the
// query, or in a form of either kind. Upper and lower case of their names are the
// same: there is callID and callid.
func (c *call) decodeParameters(w http.ResponseWriter) error {
	c.fields = core.Fields{}
	add := func(name, value string) error {
		name = strings.ToLower(name)
		if c.fields.Has(name) && c.fields.Text(name) == value {
			return nil // in the query and in the body
		}
		return c.addField(name, value)
	}
	if err := addAll(c.URL.Query(), add); err != nil || c.Method != http.MethodPost {
		return err
	}
	declared := c.Header.Get("Content-Type")
	kind, parameters, err := mime.ParseMediaType(declared)
	switch {
	case err == nil && kind == multipartForm:
		return c.readParts(w, parameters["boundary"], add)
	case err == nil && kind == urlEncoded, declared == "":
		return c.readEncoded(w, add)
	}
	return failf(http.StatusUnsupportedMediaType, "the body is declared as %.100q; %s and %s are read here", declared, urlEncoded, multipartForm)
}

// addField adds a field of a form, which must not be there.
func (c *call) addField(name, value string) error {
	if c.fields.Has(name) {
		return failf(http.StatusBadRequest, "the field %.100q comes twice", name)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write a field of a form as JSON: %w", err)
	}
	c.fields[name] = text
	return nil
}

// readParts reads the fields of multipart/form-data.
func (c *call) readParts(w http.ResponseWriter, boundary string, add func(name, value string) error) error {
	parts := multipart.NewReader(http.MaxBytesReader(w, c.Body, maxBody), boundary)
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return badBody(err, badForm)
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return badBody(err, badForm)
		}
		name := part.FormName()
		if name == "" || part.FileName() != "" {
			return failf(http.StatusBadRequest, "a part of the form is no plain field")
		}
		if err := add(name, string(value)); err != nil {
			return err
		}
	}
}

// readEncoded reads the fields of application/x-www-form-urlencoded.
func (c *call) readEncoded(w http.ResponseWriter, add func(name, value string) error) error {
	body, err := c.readBody(w)
	if err != nil {
		return err
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return failf(http.StatusBadRequest, "the body is no %s", urlEncoded)
	}
	return addAll(values, add)
}

// addAll adds fields, the names in their order so that the error is always the same.
func addAll(values url.Values, add func(name, value string) error) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			if err := add(name, value); err != nil {
				return err
			}
		}
	}
	return nil
}
