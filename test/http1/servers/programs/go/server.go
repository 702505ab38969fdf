// The test application on net/http: `server PORT NAME`. What each path does: ../README.md.
package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

var large = bytes.Repeat([]byte("remocal "), 12*1024*1024/8)

func answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Name", os.Args[2])
	switch r.URL.Path {
	case "/echo":
		body, _ := io.ReadAll(r.Body)
		w.Write(body)
	case "/stream":
		http.NewResponseController(w).EnableFullDuplex()
		w.WriteHeader(200)
		io.Copy(w, r.Body)
	case "/upload":
		hash := sha256.New()
		io.Copy(hash, r.Body)
		fmt.Fprintf(w, "%x\n", hash.Sum(nil))
	case "/sums":
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d %v\n", len(body), r.Trailer)
	case "/trailers":
		w.Header().Set("Trailer", "X-Sum")
		w.Write([]byte("one "))
		http.NewResponseController(w).Flush()
		w.Header().Set("X-Sum", "42")
		w.Write([]byte("two"))
	case "/empty":
		w.WriteHeader(204)
	case "/unchanged":
		w.Header().Set("ETag", `"1"`)
		w.WriteHeader(304)
	case "/large":
		w.Write(large)
	case "/hints":
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(103)
		w.Write([]byte("hinted"))
	case "/refuse":
		w.WriteHeader(417)
	case "/early":
		w.Header().Set("Connection", "close")
		w.WriteHeader(413)
	case "/close", "/upgrade":
		hijacked(w, r.URL.Path == "/upgrade")
	default:
		if r.Method == "CONNECT" {
			w.WriteHeader(405)
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "<<%s %s %d>>\n", r.Method, r.RequestURI, len(body))
	}
}

func hijacked(w http.ResponseWriter, upgrade bool) {
	connection, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	if !upgrade {
		connection.Write([]byte("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end"))
		return
	}
	connection.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"))
	io.Copy(connection, buffered)
}

func main() {
	server := &http.Server{Addr: "127.0.0.1:" + os.Args[1], Handler: http.HandlerFunc(answer), ErrorLog: log.New(io.Discard, "", 0)}
	log.Fatal(server.ListenAndServe())
}
