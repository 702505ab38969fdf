// Package answering is what servers on net/http share: the paths that do not depend on the version of HTTP.
package answering

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
)

// Application is one instance.
type Application struct {
	// Which it says with each answer.
	Name string
	// Of `/large`.
	LargeBytes int
	// What is answered at further paths, or otherwise.
	Paths map[string]http.HandlerFunc
}

func (a Application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Name", a.Name)
	if answer, ok := a.Paths[r.URL.Path]; ok {
		answer(w, r)
		return
	}
	switch r.URL.Path {
	case "/echo":
		body, _ := io.ReadAll(r.Body)
		w.Write(body)
	case "/upload":
		hash := sha256.New()
		io.Copy(hash, r.Body)
		fmt.Fprintf(w, "%x\n", hash.Sum(nil))
	case "/sums":
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d %v\n", len(body), r.Trailer)
	case "/empty":
		w.WriteHeader(204)
	case "/unchanged":
		w.Header().Set("ETag", `"1"`)
		w.WriteHeader(304)
	case "/large":
		w.Write(bytes.Repeat([]byte("remocal "), a.LargeBytes/8))
	case "/hints":
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(103)
		w.Write([]byte("hinted"))
	default:
		if r.Method == "CONNECT" {
			w.WriteHeader(405)
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "<<%s %s %d>>\n", r.Method, r.RequestURI, len(body))
	}
}
