// An app on net/http that speaks TLS: `tlsserver PORT VERSION CERT KEY [CA]`, VERSION `1.2` or `1.3`; with CA it verifies its clients. Files are read for each connection.
package main

import (
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
	config := &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			certificate, err := tls.LoadX509KeyPair(arguments[2], arguments[3])
			return &certificate, err
		},
	}
	config.MinVersion = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[arguments[1]]
	config.MaxVersion = config.MinVersion
	if len(arguments) > 4 {
		pem, err := os.ReadFile(arguments[4])
		if err != nil {
			log.Fatal(err)
		}
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(pem)
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	answer := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "app %s %s %d\n", r.Method, r.URL.Path, len(body))
	}
	server := &http.Server{Addr: "127.0.0.1:" + arguments[0], TLSConfig: config, Handler: http.HandlerFunc(answer)}
	log.Fatal(server.ListenAndServeTLS("", ""))
}
