// The cases with net/http: `client PORT USER CASE...`; prints what came of each.
package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

var transport = &http.Transport{MaxConnsPerHost: 1, ExpectContinueTimeout: 5 * time.Second, DisableCompression: true}

func ask(method, path string, body io.Reader, edit func(*http.Request)) {
	request, err := http.NewRequest(method, "http://127.0.0.1:"+os.Args[1]+path, body)
	if err != nil {
		log.Fatal(err)
	}
	if os.Args[2] != "" {
		request.Header.Set("X-User", os.Args[2])
	}
	if edit != nil {
		edit(request)
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		log.Fatal(path, ": ", err)
	}
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(path, ": ", err)
	}
	answer.Body.Close()
	sum := sha256.Sum256(content)
	fmt.Printf("%s %d %d %x %v\n", path, answer.StatusCode, len(content), sum[:6], answer.Trailer)
}

// Hides the length, so that it is chunked.
func unknown(text string) io.Reader {
	return io.MultiReader(strings.NewReader(text))
}

func expect(request *http.Request) {
	request.Header.Set("Expect", "100-continue")
}

func main() {
	large := bytes.Repeat([]byte("laptop? "), 12*1024*1024/8)
	for _, name := range os.Args[3:] {
		switch name {
		case "get":
			ask("GET", "/a", nil, nil)
			ask("GET", "/a?b=c", nil, nil)
		case "post":
			ask("POST", "/echo", strings.NewReader("hello"), nil)
		case "chunked":
			ask("POST", "/echo", unknown("one two"), nil)
		case "sums":
			ask("POST", "/sums", unknown("one"), func(request *http.Request) {
				request.Trailer = http.Header{"X-Sum": {"1"}}
			})
		case "trailers", "empty", "unchanged", "close", "large", "hints":
			ask("GET", "/"+name, nil, nil)
		case "head":
			ask("HEAD", "/a", nil, nil)
		case "upload":
			ask("POST", "/upload", bytes.NewReader(large), nil)
		case "continue":
			ask("POST", "/echo", strings.NewReader("hello"), expect)
		case "refuse":
			ask("POST", "/refuse", strings.NewReader("hello"), expect)
		}
	}
	transport.CloseIdleConnections()
}
