// The test application of HTTP/1.1 on net/http: `http1server PORT NAME`. What each path does: `test/http1/servers/README.md`.
package main

import (
	"io"
	"log"
	"net/http"
	"os"

	"remocal.test/peers/answering"
)

var paths = map[string]http.HandlerFunc{
	"/stream": func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		w.WriteHeader(200)
		io.Copy(w, r.Body)
	},
	"/trailers": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.Write([]byte("one "))
		http.NewResponseController(w).Flush()
		w.Header().Set("X-Sum", "42")
		w.Write([]byte("two"))
	},
	"/refuse": func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(417)
	},
	"/early": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(413)
	},
	"/close": func(w http.ResponseWriter, r *http.Request) {
		connection, _ := hijacked(w)
		defer connection.Close()
		io.WriteString(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end")
	},
	"/upgrade": func(w http.ResponseWriter, r *http.Request) {
		connection, buffered := hijacked(w)
		defer connection.Close()
		io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		io.Copy(connection, buffered)
	},
}

func hijacked(w http.ResponseWriter) (io.WriteCloser, io.Reader) {
	connection, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		log.Fatal(err)
	}
	return connection, buffered
}

func main() {
	application := answering.Application{Name: os.Args[2], LargeBytes: 12 * 1024 * 1024, Paths: paths}
	server := &http.Server{Addr: "127.0.0.1:" + os.Args[1], Handler: application, ErrorLog: log.New(io.Discard, "", 0)}
	log.Fatal(server.ListenAndServe())
}
