// Package asking is what clients on net/http share: the cases that do not depend on the version of HTTP, and what they print.
package asking

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
)

// Asker asks one server. Whatever it is not answered ends the program.
type Asker struct {
	Port, User string
	From       *http.Transport
	// How much `upload` sends.
	LargeBytes int
}

// Large is what is uploaded.
func Large(size int) []byte {
	return bytes.Repeat([]byte("laptop? "), size/8)
}

// Shown is what is printed of a content.
func Shown(content []byte) string {
	sum := sha256.Sum256(content)
	return fmt.Sprintf("%d %x", len(content), sum[:6])
}

// Unknown hides the length of a body.
func Unknown(text string) io.Reader {
	return io.MultiReader(strings.NewReader(text))
}

// Ask returns a line of what it was answered.
func (a Asker) Ask(method, path string, body io.Reader, edit func(*http.Request)) string {
	request, err := http.NewRequest(method, "http://127.0.0.1:"+a.Port+path, body)
	if err != nil {
		log.Fatal(err)
	}
	if a.User != "" {
		request.Header.Set("X-User", a.User)
	}
	if edit != nil {
		edit(request)
	}
	answer, err := a.From.RoundTrip(request)
	if err != nil {
		log.Fatal(path, ": ", err)
	}
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(path, ": ", err)
	}
	answer.Body.Close()
	return fmt.Sprintln(path, answer.StatusCode, answer.Header["X-Name"], Shown(content), answer.Trailer)
}

// Say prints what it was answered.
func (a Asker) Say(method, path string, body io.Reader, edit func(*http.Request)) {
	fmt.Print(a.Ask(method, path, body, edit))
}

// Run runs a case; one that has no other meaning is a path.
func (a Asker) Run(name string) {
	switch name {
	case "get":
		a.Say("GET", "/a", nil, nil)
		a.Say("GET", "/a?b=c", nil, nil)
	case "post":
		a.Say("POST", "/echo", strings.NewReader("hello"), nil)
	case "sums":
		a.Say("POST", "/sums", Unknown("one"), func(request *http.Request) {
			request.Trailer = http.Header{"X-Sum": {"1"}}
		})
	case "head":
		a.Say("HEAD", "/a", nil, nil)
	case "upload":
		a.Say("POST", "/upload", bytes.NewReader(Large(a.LargeBytes)), nil)
	default:
		a.Say("GET", "/"+name, nil, nil)
	}
}
