package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/responder"
)

// maxWarm is how many files of a document are fetched before they are played. A
// menu has fewer; a document with thousands asks for no more at once.
const maxWarm = 8

// warm is the files of a document that are fetched before it is their turn, by
// their URLs as the document has them, so that no gap comes before them.
type warm map[string]*prompt.Fetched

// warmUp begins to fetch the files of a document.
func (r *run) warmUp(a answer, document responder.Document) warm {
	files := warm{}
	for _, verb := range document.Verbs {
		switch v := verb.(type) {
		case responder.Play:
			r.warmOne(files, a, v)
		case responder.Gather:
			for _, nested := range v.Prompts {
				if play, ok := nested.(responder.Play); ok {
					r.warmOne(files, a, play)
				}
			}
		}
	}
	return files
}

func (r *run) warmOne(files warm, a answer, v responder.Play) {
	if v.URL == "" || len(files) >= maxWarm || files[v.URL] != nil {
		return
	}
	if request, err := r.fileRequest(a, v.URL); err == nil {
		files[v.URL] = r.engine.config.Prompts.Fetch(request)
	}
}

// drop gives up those that were not played.
func (w warm) drop() {
	for _, f := range w {
		f.Drop()
	}
}

// fetchFile returns a file as soon as it can begin to play. Release it when it was
// played.
func (r *run) fetchFile(ctx context.Context, a answer, address string) (f Recording, release func(), err error) {
	request, err := r.fileRequest(a, address)
	if err != nil {
		return Recording{}, nil, err
	}
	fetched := r.warm[address]
	if delete(r.warm, address); fetched == nil {
		fetched = r.engine.config.Prompts.Fetch(request)
	}
	sound, release, err := fetched.Get(ctx)
	switch _, format := errors.AsType[*audio.FormatError](err); {
	case format:
		return Recording{}, nil, fmt.Errorf("%s: %s", shownURL(request.URL), fileText(err))
	case err != nil:
		return Recording{}, nil, errors.New(fileText(err))
	}
	return Recording{URL: request.URL.String(), Sound: sound}, release, nil
}

// fileRequest returns what is asked for a file. The circuit breaker is asked
// first, and told how it went.
func (r *run) fileRequest(a answer, address string) (prompt.Request, error) {
	target, err := resolveURL(a.url, address)
	if err != nil {
		return prompt.Request{}, fmt.Errorf("%q is not a URL", address)
	}
	return prompt.Request{
		URL: target, Jar: r.cookies, Timeout: r.engine.config.Timeout,
		Allow: func() error {
			if wait, ok := r.engine.breakers.allow(target); !ok {
				return errors.New(notAsked(wait))
			}
			return nil
		},
		Report: func(status int, err error) { r.engine.breakers.report(target, healthy(status, err)) },
	}, nil
}

// fileText says in words why a file cannot be played, and what to do about it.
func fileText(err error) string {
	if f, ok := errors.AsType[*audio.FormatError](err); ok && f.Hint != "" {
		return f.Message + "; " + f.Hint
	}
	if _, ok := errors.AsType[*fetch.Error](err); ok {
		return unreachable(err).text
	}
	return err.Error()
}
