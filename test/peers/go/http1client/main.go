// The cases of HTTP/1.1 with net/http: `http1client PORT USER CASE...`; prints what came of each.
package main

import (
	"net/http"
	"os"
	"strings"
	"time"

	"remocal.test/peers/asking"
)

func expect(request *http.Request) {
	request.Header.Set("Expect", "100-continue")
}

func main() {
	from := &http.Transport{MaxConnsPerHost: 1, ExpectContinueTimeout: 5 * time.Second, DisableCompression: true}
	asker := asking.Asker{Port: os.Args[1], User: os.Args[2], From: from, LargeBytes: 12 * 1024 * 1024}
	for _, name := range os.Args[3:] {
		switch name {
		case "chunked":
			asker.Say("POST", "/echo", asking.Unknown("one two"), nil)
		case "continue":
			asker.Say("POST", "/echo", strings.NewReader("hello"), expect)
		case "refuse":
			asker.Say("POST", "/refuse", strings.NewReader("hello"), expect)
		default:
			asker.Run(name)
		}
	}
	from.CloseIdleConnections()
}
