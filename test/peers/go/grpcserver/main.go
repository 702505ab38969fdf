// The test service on grpc-go: `grpcserver PORT NAME`. What each method does: `test/http2/README.md`.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"remocal.test/peers/meeting"
	"remocal.test/peers/octets"
)

var name string

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
		meeting.Meet()
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
	encoding.RegisterCodec(octets.Codec{})
	server := grpc.NewServer(grpc.UnknownServiceHandler(serve), grpc.MaxRecvMsgSize(1<<30))
	log.Fatal(server.Serve(listener))
}
