// The cases with grpc-go: `grpcclient PORT USER CASE...` prints what came of each; `grpcclient latency PORT COUNT` how long calls took.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"remocal.test/peers/asking"
	"remocal.test/peers/meeting"
	"remocal.test/peers/octets"
)

func connect(port string) *grpc.ClientConn {
	encoding.RegisterCodec(octets.Codec{})
	connection, err := grpc.NewClient("127.0.0.1:"+port, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<30)))
	if err != nil {
		log.Fatal(err)
	}
	return connection
}

// One message is all that is said.
func send(stream grpc.ClientStream, text string) {
	message := []byte(text)
	stream.SendMsg(&message)
	stream.CloseSend()
}

func run(connection *grpc.ClientConn, user string, cases []string) {
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
		fmt.Println(name, asking.Shown(answer), header, trailer, status.Convert(err).Code(), status.Convert(err).Message())
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
			unary(background, "Echo", asking.Large(20*1024*1024))
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
			send(stream, "2000")
			var all, message []byte
			err := stream.RecvMsg(&message)
			for ; err == nil; err = stream.RecvMsg(&message) {
				all = append(all, message...)
			}
			fmt.Println("Count", asking.Shown(all), err)
		case "calls":
			said := meeting.Ask(func(at int) string {
				body, answer := fmt.Appendf(nil, "call %d", at), []byte{}
				if err := connection.Invoke(background, "/remocal.Corpus/Meet", &body, &answer); err != nil {
					log.Fatal(err)
				}
				return string(answer)
			})
			fmt.Println("Meet", strings.Join(said, ","))
		case "minute":
			started := time.Now()
			stream := begin(background, "Ticks")
			send(stream, "120")
			messages := 0
			var last, message []byte
			err := stream.RecvMsg(&message)
			for ; err == nil; err = stream.RecvMsg(&message) {
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
				err := stream.RecvMsg(&message)
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
}

// Calls one after the other: how long half of them took, in microseconds.
func latency(connection *grpc.ClientConn, count int) {
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
		latency(connect(os.Args[2]), count)
		return
	}
	connection := connect(os.Args[1])
	run(connection, os.Args[2], os.Args[3:])
	connection.Close()
}
