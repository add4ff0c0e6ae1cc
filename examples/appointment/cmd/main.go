// Command cmd serves the appointment example on loopback.
package main

import (
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/switchhook/switchhook/examples/appointment"
)

func main() {
	address := flag.String("listen", "127.0.0.1:8081", "where to listen")
	flag.Parse()
	server := &http.Server{Addr: *address, Handler: appointment.Handler(), ReadHeaderTimeout: 5 * time.Second}
	log.Printf("listening; try: switchhook call http://%s/", *address)
	log.Fatal(server.ListenAndServe())
}
