// The cases with net/http or grpc-go: `client KIND PORT USER CASE...`; prints what came of each.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

var user = os.Args[3]
var large = bytes.Repeat([]byte("laptop? "), 20*1024*1024/8)

func shown(content []byte) string {
	sum := sha256.Sum256(content)
	return fmt.Sprintf("%d %x", len(content), sum[:6])
}

func transport() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Transport{Protocols: protocols, DisableCompression: true, MaxConnsPerHost: 1}
}

func ask(from *http.Transport, method, path string, body io.Reader, edit func(*http.Request)) string {
	request, err := http.NewRequest(method, "http://127.0.0.1:"+os.Args[2]+path, body)
	if err != nil {
		log.Fatal(err)
	}
	if user != "" {
		request.Header.Set("X-User", user)
	}
	if edit != nil {
		edit(request)
	}
	answer, err := from.RoundTrip(request)
	if err != nil {
		log.Fatal(path, ": ", err)
	}
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(path, ": ", err)
	}
	answer.Body.Close()
	return fmt.Sprintln(path, answer.StatusCode, answer.Header["X-Name"], shown(content), answer.Trailer)
}

func withHttp(cases []string) {
	from := transport()
	say := func(method, path string, body io.Reader, edit func(*http.Request)) {
		fmt.Print(ask(from, method, path, body, edit))
	}
	for _, name := range cases {
		switch name {
		case "get":
			say("GET", "/a", nil, nil)
			say("GET", "/a?b=c", nil, nil)
		case "post":
			say("POST", "/echo", strings.NewReader("hello"), nil)
		case "nothing":
			say("POST", "/echo", strings.NewReader(""), nil)
		case "sums":
			say("POST", "/sums", io.MultiReader(strings.NewReader("one")), func(request *http.Request) {
				request.Trailer = http.Header{"X-Sum": {"1"}}
			})
		case "head":
			say("HEAD", "/a", nil, nil)
		case "cookies":
			say("GET", "/cookies", nil, func(request *http.Request) { request.Header.Set("Cookie", "a=1; b=2") })
		case "upload":
			say("POST", "/upload", bytes.NewReader(large), nil)
		case "both":
			say("POST", "/stream", bytes.NewReader(large), nil)
		case "many-small", "meet":
			path := "/many/"
			if name == "meet" {
				path = "/meet?"
			}
			said := make([]string, 1000)
			var all sync.WaitGroup
			for at := range said {
				all.Go(func() { said[at] = ask(from, "GET", fmt.Sprint(path, at), nil, nil) })
			}
			all.Wait()
			fmt.Print(strings.Join(said, ""))
		default:
			say("GET", "/"+name, nil, nil)
		}
	}
	from.CloseIdleConnections()
}

// Messages are what they are.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = append([]byte{}, data...); return nil }
func (raw) Name() string                       { return "proto" }

func withGrpc(cases []string) {
	encoding.RegisterCodec(raw{})
	connection, err := grpc.NewClient("127.0.0.1:"+os.Args[2], grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<30)))
	if err != nil {
		log.Fatal(err)
	}
	background := context.Background()
	if user != "" {
		background = metadata.AppendToOutgoingContext(background, "x-user", user)
	}
	unary := func(ctx context.Context, name string, body []byte) {
		var header, trailer metadata.MD
		var answer []byte
		err := connection.Invoke(ctx, "/remocal.Corpus/"+name, &body, &answer, grpc.Header(&header), grpc.Trailer(&trailer))
		if name == "Slow" {
			fmt.Println(name, status.Code(err))
			return
		}
		delete(header, "date")
		delete(trailer, "date")
		fmt.Println(name, shown(answer), header, trailer, status.Convert(err).Code(), status.Convert(err).Message())
	}
	begin := func(ctx context.Context, name string) grpc.ClientStream {
		stream, err := connection.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/remocal.Corpus/"+name)
		if err != nil {
			log.Fatal(err)
		}
		return stream
	}
	for _, name := range cases {
		switch name {
		case "unary":
			unary(background, "Echo", []byte("hello"))
		case "unary-empty":
			unary(background, "Echo", nil)
		case "unary-large":
			unary(background, "Echo", large)
		case "metadata":
			every := make([]byte, 256)
			for at := range every {
				every[at] = byte(at)
			}
			unary(metadata.AppendToOutgoingContext(background, "x-case-bin", string(every), "x-case", "a", "x-case", "b"), "Echo", []byte("hello"))
		case "fail":
			unary(background, "Fail", []byte("hello"))
		case "deadline":
			ctx, cancel := context.WithTimeout(background, time.Second/2)
			unary(ctx, "Slow", []byte("hello"))
			cancel()
		case "count":
			stream := begin(background, "Count")
			count := []byte("2000")
			stream.SendMsg(&count)
			stream.CloseSend()
			var all, message []byte
			for err = stream.RecvMsg(&message); err == nil; err = stream.RecvMsg(&message) {
				all = append(all, message...)
			}
			fmt.Println("Count", shown(all), err)
		case "calls":
			said := make([]string, 1000)
			var all sync.WaitGroup
			for at := range said {
				all.Go(func() {
					body, answer := fmt.Appendf(nil, "call %d", at), []byte{}
					if err := connection.Invoke(background, "/remocal.Corpus/Meet", &body, &answer); err != nil {
						log.Fatal(err)
					}
					said[at] = string(answer)
				})
			}
			all.Wait()
			fmt.Println("Meet", strings.Join(said, ","))
		case "minute":
			started := time.Now()
			stream := begin(background, "Ticks")
			count := []byte("120")
			stream.SendMsg(&count)
			stream.CloseSend()
			messages := 0
			var last, message []byte
			for err = stream.RecvMsg(&message); err == nil; err = stream.RecvMsg(&message) {
				last = message
				messages++
			}
			fmt.Println("Ticks", messages, string(last), err, time.Since(started) > 59*time.Second)
		case "turns", "turns-cancelled":
			ctx, cancel := context.WithCancel(background)
			if name == "turns-cancelled" {
				ctx = metadata.AppendToOutgoingContext(ctx, "x-gives-up", "yes")
			}
			stream := begin(ctx, "Talk")
			var message []byte
			for turn := 0; turn < 50; turn++ {
				said := fmt.Appendf(nil, "turn %d", turn)
				stream.SendMsg(&said)
				err = stream.RecvMsg(&message)
				if err != nil || !bytes.Equal(said, message) {
					log.Fatal("Talk ", string(message), err)
				}
			}
			if name == "turns" {
				stream.CloseSend()
			} else {
				cancel()
			}
			fmt.Println("Talk", status.Code(stream.RecvMsg(&message)))
			cancel()
		}
	}
	connection.Close()
}

// Calls one after the other: how long half of them took, in microseconds.
func latency(count int) {
	encoding.RegisterCodec(raw{})
	connection, err := grpc.NewClient("127.0.0.1:"+os.Args[2], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	body := bytes.Repeat([]byte("x"), 100)
	took := make([]time.Duration, count)
	began := time.Now()
	for at := range took {
		var answer []byte
		start := time.Now()
		if err := connection.Invoke(context.Background(), "/remocal.Corpus/Echo", &body, &answer); err != nil {
			log.Fatal(err)
		}
		took[at] = time.Since(start)
	}
	all := time.Since(began)
	slices.Sort(took)
	fmt.Println(all.Microseconds(), took[count/2].Microseconds())
}

func main() {
	if os.Args[1] == "latency" {
		count, _ := strconv.Atoi(os.Args[3])
		latency(count)
	} else if os.Args[1] == "grpc" {
		withGrpc(os.Args[4:])
	} else {
		withHttp(os.Args[4:])
	}
}
