package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/switchhook/switchhook/internal/simulator"
	"github.com/switchhook/switchhook/internal/telephone"
	"github.com/switchhook/switchhook/internal/trace"
)

func main() {
	docs := map[string]string{
		"/":     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>\n  <Say voice=\"female\">Welcome to the dental practice of Doctor Green & partners. We are glad that you call; this call may be recorded for training.</Say>\n  <Gather input=\"dtmf speech\" numDigits=\"1\" timeout=\"8\" action=\"/menu\">\n    <Say>Press one for appointments, two for invoices, or say in a few words why you call.</Say>\n  </Gather>\n</Response>\n",
		"/menu": `<Response><Say>Thank you. One moment.</Say><Gather numDigits="6" finishOnKey="#" action="/date"><Say>Please enter your date of birth, as six digits.</Say></Gather><Dance/></Response>`,
		"/date": `<Response><Say>You are known to us.` + "&#x9b;31mred \u202egnp \u200b&#x85;end" + `</Say><Echo timeout="3"/><Forward>2125551212</Forward></Response>`,
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/menu" {
			time.Sleep(1500 * time.Millisecond)
		}
		w.Header().Set("Content-Type", "application/xml")
		io.WriteString(w, docs[r.URL.Path])
	}))
	r, err := telephone.Run(context.Background(), telephone.Options{
		Call: simulator.Options{Target: "http://" + l.Addr().String() + "/"},
		In:   os.Stdin, Out: os.Stdout, Hear: len(os.Args) > 1,
		Save: func(name string, c *simulator.Result) error {
			f, err := os.Create(name)
			if err != nil {
				return err
			}
			defer f.Close()
			return (&trace.Saved{Target: "http://" + l.Addr().String() + "/", Events: c.Events}).Write(f)
		},
	})
	if r != nil {
		fmt.Printf("%+v %v\n", r.Outcome, err)
	} else {
		fmt.Println(err)
	}
}
