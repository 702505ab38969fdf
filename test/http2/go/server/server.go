// The test application on net/http and the test service on grpc-go: `server PORT NAME [grpc]`. What each path and method does: `../../servers/README.md`.
package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const large = 20 * 1024 * 1024

var name string

func answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Name", name)
	switch r.URL.Path {
	case "/echo":
		content, _ := io.ReadAll(r.Body)
		w.Write(content)
	case "/stream":
		flusher := w.(http.Flusher)
		flusher.Flush()
		buffer := make([]byte, 32*1024)
		for {
			n, err := r.Body.Read(buffer)
			w.Write(buffer[:n])
			flusher.Flush()
			if err != nil {
				return
			}
		}
	case "/upload":
		hash := sha256.New()
		io.Copy(hash, r.Body)
		fmt.Fprintf(w, "%x\n", hash.Sum(nil))
	case "/sums":
		content, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d %v\n", len(content), r.Trailer)
	case "/trailers":
		w.Header().Set("Trailer", "X-Sum")
		w.Write([]byte("one two"))
		w.Header().Set("X-Sum", "42")
	case "/empty":
		w.WriteHeader(204)
	case "/unchanged":
		w.Header().Set("ETag", "\"1\"")
		w.WriteHeader(304)
	case "/cookies":
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		fmt.Fprintln(w, r.Header["Cookie"])
	case "/large":
		w.Write([]byte(strings.Repeat("remocal ", large/8)))
	case "/pieces":
		for piece := 0; piece < 500; piece++ {
			fmt.Fprintf(w, "piece %d\n", piece)
			w.(http.Flusher).Flush()
		}
	case "/hints":
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(103)
		w.Write([]byte("hinted"))
	case "/early":
		w.WriteHeader(413)
		w.Write([]byte("too much"))
	case "/meet":
		meet()
		fmt.Fprintln(w, r.URL.RawQuery)
	case "/endless":
		w.Write([]byte("begun"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	default:
		content, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "<<%s %s %d>>\n", r.Method, r.RequestURI, len(content))
	}
}

var meeting = struct {
	sync.Mutex
	count int
	all   chan struct{}
}{all: make(chan struct{})}

// Waits until a thousand do.
func meet() {
	meeting.Lock()
	all := meeting.all
	meeting.count++
	if meeting.count%1000 == 0 {
		close(all)
		meeting.all = make(chan struct{})
	}
	meeting.Unlock()
	<-all
}

// Messages are what they are.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = append([]byte{}, data...); return nil }
func (raw) Name() string                       { return "proto" }

func serve(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	var message []byte
	if method == "/remocal.Corpus/Talk" {
		for stream.RecvMsg(&message) == nil {
			if err := stream.SendMsg(&message); err != nil {
				return err
			}
		}
		return nil
	}
	if err := stream.RecvMsg(&message); err != nil {
		return err
	}
	switch method {
	case "/remocal.Corpus/Echo":
		asked, _ := metadata.FromIncomingContext(stream.Context())
		told := metadata.Pairs("x-name", name)
		for _, key := range []string{"x-case", "x-case-bin"} {
			told.Append(key, asked[key]...)
		}
		stream.SetHeader(told)
		stream.SetTrailer(metadata.Pairs("x-sum", strconv.Itoa(len(message))))
		return stream.SendMsg(&message)
	case "/remocal.Corpus/Fail":
		stream.SetTrailer(metadata.Pairs("x-why", "asked to"))
		return status.Error(codes.FailedPrecondition, "no: "+name+" 100% ü")
	case "/remocal.Corpus/Slow":
		<-stream.Context().Done()
		return context.Cause(stream.Context())
	case "/remocal.Corpus/Meet":
		meet()
		return stream.SendMsg(&message)
	case "/remocal.Corpus/Count", "/remocal.Corpus/Ticks":
		count, _ := strconv.Atoi(string(message))
		for number := 0; number < count; number++ {
			if method == "/remocal.Corpus/Ticks" {
				time.Sleep(time.Second / 2)
			}
			piece := fmt.Appendf(nil, "%s %d", name, number)
			if err := stream.SendMsg(&piece); err != nil {
				return err
			}
		}
		return nil
	}
	return status.Error(codes.Unimplemented, method)
}

func main() {
	name = os.Args[2]
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if len(os.Args) > 3 {
		encoding.RegisterCodec(raw{})
		server := grpc.NewServer(grpc.UnknownServiceHandler(serve), grpc.MaxRecvMsgSize(1<<30))
		log.Fatal(server.Serve(listener))
	}
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: http.HandlerFunc(answer), Protocols: protocols, HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 2000}}
	log.Fatal(server.Serve(listener))
}
