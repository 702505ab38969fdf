// The test application of HTTP/2 on net/http: `http2server PORT NAME`. What each path does: `test/http2/servers/README.md`.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"remocal.test/peers/answering"
	"remocal.test/peers/meeting"
)

var paths = map[string]http.HandlerFunc{
	"/stream": func(w http.ResponseWriter, r *http.Request) {
		flusher := w.(http.Flusher)
		flusher.Flush()
		buffer := make([]byte, 32*1024)
		for {
			n, err := r.Body.Read(buffer)
			w.Write(buffer[:n])
			flusher.Flush()
			if err != nil {
				return
			}
		}
	},
	"/trailers": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.Write([]byte("one two"))
		w.Header().Set("X-Sum", "42")
	},
	"/cookies": func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		fmt.Fprintln(w, r.Header["Cookie"])
	},
	"/pieces": func(w http.ResponseWriter, r *http.Request) {
		for piece := 0; piece < 500; piece++ {
			fmt.Fprintf(w, "piece %d\n", piece)
			w.(http.Flusher).Flush()
		}
	},
	"/early": func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(413)
		w.Write([]byte("too much"))
	},
	"/meet": func(w http.ResponseWriter, r *http.Request) {
		meeting.Meet()
		fmt.Fprintln(w, r.URL.RawQuery)
	},
	"/endless": func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("begun"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	},
}

func main() {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Addr:      "127.0.0.1:" + os.Args[1],
		Handler:   answering.Application{Name: os.Args[2], LargeBytes: 20 * 1024 * 1024, Paths: paths},
		Protocols: protocols,
		HTTP2:     &http.HTTP2Config{MaxConcurrentStreams: 2000},
	}
	log.Fatal(server.ListenAndServe())
}
