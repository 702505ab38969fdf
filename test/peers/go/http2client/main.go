// The cases of HTTP/2 with net/http: `http2client PORT USER CASE...`; prints what came of each.
package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"

	"remocal.test/peers/asking"
	"remocal.test/peers/meeting"
)

func main() {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	from := &http.Transport{Protocols: protocols, DisableCompression: true, MaxConnsPerHost: 1}
	asker := asking.Asker{Port: os.Args[1], User: os.Args[2], From: from, LargeBytes: 20 * 1024 * 1024}
	atOnce := func(path string) {
		said := meeting.Ask(func(at int) string { return asker.Ask("GET", fmt.Sprint(path, at), nil, nil) })
		fmt.Print(strings.Join(said, ""))
	}
	for _, name := range os.Args[3:] {
		switch name {
		case "nothing":
			asker.Say("POST", "/echo", strings.NewReader(""), nil)
		case "cookies":
			asker.Say("GET", "/cookies", nil, func(request *http.Request) { request.Header.Set("Cookie", "a=1; b=2") })
		case "both":
			asker.Say("POST", "/stream", bytes.NewReader(asking.Large(asker.LargeBytes)), nil)
		case "many-small":
			atOnce("/many/")
		case "meet":
			atOnce("/meet?")
		default:
			asker.Run(name)
		}
	}
	from.CloseIdleConnections()
}
