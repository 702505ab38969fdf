// The requests of `test/tls/README.md` by net/http: `tlsclient PORT VERSION CA [CERT KEY]`.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	arguments := os.Args[1:]
	pem, err := os.ReadFile(arguments[2])
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(pem)
	config.MinVersion = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[arguments[1]]
	config.MaxVersion = config.MinVersion
	if len(arguments) > 3 {
		own, err := tls.LoadX509KeyPair(arguments[3], arguments[4])
		if err != nil {
			log.Fatal(err)
		}
		config.Certificates = []tls.Certificate{own}
	}
	for _, protocol := range []string{"http/1.1", "h2"} {
		one := config.Clone()
		one.NextProtos = []string{protocol}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: one, ForceAttemptHTTP2: protocol == "h2"}}
		ask := func(method, path, user string, body []byte) {
			request, _ := http.NewRequest(method, "https://localhost:"+arguments[0]+path, bytes.NewReader(body))
			if user != "" {
				request.Header.Set("X-User", user)
			}
			answer, err := client.Do(request)
			if err != nil {
				log.Fatal(err)
			}
			text, err := io.ReadAll(answer.Body)
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%d %d %s", answer.ProtoMajor, answer.StatusCode, text)
		}
		for _, user := range []string{"", "jane", ""} {
			ask("GET", "/a", user, nil)
		}
		for _, user := range []string{"", "jane"} {
			ask("POST", "/up", user, make([]byte, 10_000))
		}
	}
}
