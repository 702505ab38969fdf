// Makes the certificates of a test: `tlscertificates FOLDER`. An authority `ca.crt`; by an intermediate of it, for `localhost` and for clients too, `rsa` and `ecdsa`, and `rsa-renewed` and
// `ecdsa-renewed` (`.crt` with the intermediate, `.key`); for a client `caller`; and by another authority, of the same name, `stranger`.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type signer struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func newKey(name string) crypto.Signer {
	if strings.HasPrefix(name, "rsa") {
		return must(rsa.GenerateKey(rand.Reader, 2048))
	}
	return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
}

func sign(name string, isAuthority bool, by *signer) *signer {
	template := &x509.Certificate{
		SerialNumber:          must(rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		BasicConstraintsValid: true,
		IsCA:                  isAuthority,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	if isAuthority {
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	} else {
		template.DNSNames = []string{"localhost"}
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	key := newKey(name)
	if by == nil {
		by = &signer{template, key}
	}
	der := must(x509.CreateCertificate(rand.Reader, template, by.certificate, key.Public(), by.key))
	return &signer{must(x509.ParseCertificate(der)), key}
}

func main() {
	folder := os.Args[1]
	write := func(name, kind string, ders ...[]byte) {
		var text []byte
		for _, der := range ders {
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})...)
		}
		must(0, os.WriteFile(filepath.Join(folder, name), text, 0o600))
	}
	authorities := func() (*signer, *signer) {
		root := sign("test authority", true, nil)
		return root, sign("test intermediate", true, root)
	}
	leaf := func(name string, by *signer) {
		made := sign(name, false, by)
		write(name+".crt", "CERTIFICATE", made.certificate.Raw, by.certificate.Raw)
		write(name+".key", "PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(made.key)))
	}
	root, intermediate := authorities()
	write("ca.crt", "CERTIFICATE", root.certificate.Raw)
	for _, name := range []string{"rsa", "ecdsa", "rsa-renewed", "ecdsa-renewed", "caller"} {
		leaf(name, intermediate)
	}
	_, other := authorities()
	leaf("stranger", other)
}
