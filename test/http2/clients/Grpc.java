// The cases with grpc-java: `Grpc PORT USER CASE...`; prints what came of each.
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.TreeMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

public class Grpc {
  // Messages are what they are.
  static final MethodDescriptor.Marshaller<byte[]> SAME = new MethodDescriptor.Marshaller<>() {
    public InputStream stream(byte[] message) {
      return new ByteArrayInputStream(message);
    }

    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }
  };

  static Channel channel;

  static MethodDescriptor<byte[], byte[]> method(String name, MethodType type) {
    return MethodDescriptor.newBuilder(SAME, SAME).setType(type).setFullMethodName("remocal.Corpus/" + name).build();
  }

  static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  static String told(Metadata metadata) {
    var all = new TreeMap<String, String>();
    for (String name : metadata.keys()) {
      if (name.equals("date")) continue;
      if (name.endsWith("-bin")) {
        for (byte[] value : metadata.getAll(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER)))
          all.merge(name, Arrays.toString(value), String::concat);
      } else for (String value : metadata.getAll(key(name))) all.merge(name, value, (one, other) -> one + ", " + other);
    }
    return all.toString();
  }

  static String shown(byte[] bytes) {
    return bytes.length + " " + Arrays.hashCode(bytes);
  }

  static Channel with(Metadata metadata) {
    return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
  }

  /** Says what came before the answer, too. */
  static final ClientInterceptor SAYING = new ClientInterceptor() {
    public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        public void start(Listener<A> listener, Metadata headers) {
          super.start(new SimpleForwardingClientCallListener<>(listener) {
            @Override
            public void onHeaders(Metadata answered) {
              System.out.println(told(answered));
              super.onHeaders(answered);
            }

            @Override
            public void onClose(Status status, Metadata trailers) {
              System.out.println(told(trailers));
              super.onClose(status, trailers);
            }
          }, headers);
        }
      };
    }
  };

  static void unary(Channel channel, String name, byte[] body) {
    boolean gives = name.equals("Slow");
    CallOptions options = CallOptions.DEFAULT;
    if (gives) options = options.withDeadlineAfter(500, TimeUnit.MILLISECONDS);
    Channel used = gives ? channel : ClientInterceptors.intercept(channel, SAYING);
    try {
      System.out.println(name + " " + shown(ClientCalls.blockingUnaryCall(used, method(name, MethodType.UNARY), options, body)));
    } catch (StatusRuntimeException error) {
      // Which end has met a deadline is a matter of time.
      var status = error.getStatus();
      System.out.println(name + " " + status.getCode() + (gives ? "" : " " + status.getDescription()));
    }
  }

  static void stream(String name, String count) {
    long began = System.nanoTime();
    int messages = 0;
    int sum = 0;
    var call = method(name, MethodType.SERVER_STREAMING);
    var all = ClientCalls.blockingServerStreamingCall(channel, call, CallOptions.DEFAULT, count.getBytes());
    while (all.hasNext()) {
      sum = 31 * sum + Arrays.hashCode(all.next());
      messages++;
    }
    boolean isLong = System.nanoTime() - began > 59_000_000_000L;
    System.out.println(name + " " + messages + " " + sum + " " + isLong);
  }

  static void turns(boolean cancels) throws Exception {
    var metadata = new Metadata();
    if (cancels) metadata.put(key("x-gives-up"), "yes");
    var came = new LinkedBlockingQueue<String>();
    var call = with(metadata).newCall(method("Talk", MethodType.BIDI_STREAMING), CallOptions.DEFAULT);
    var sends = ClientCalls.asyncBidiStreamingCall(call, new StreamObserver<byte[]>() {
      public void onNext(byte[] message) {
        came.add(new String(message));
      }

      public void onError(Throwable error) {
        came.add(Status.fromThrowable(error).getCode().name());
      }

      public void onCompleted() {
        came.add("completed");
      }
    });
    for (int turn = 0; turn < 50; turn++) {
      sends.onNext(("turn " + turn).getBytes());
      String back = came.take();
      if (!back.equals("turn " + turn)) throw new IllegalStateException("turn " + turn + " came back as " + back);
    }
    if (cancels) call.cancel("enough", null);
    else sends.onCompleted();
    System.out.println("Talk " + came.take());
  }

  static void calls() throws Exception {
    var all = new ArrayList<com.google.common.util.concurrent.ListenableFuture<byte[]>>();
    for (int at = 0; at < 1000; at++) {
      var call = channel.newCall(method("Meet", MethodType.UNARY), CallOptions.DEFAULT);
      all.add(ClientCalls.futureUnaryCall(call, ("call " + at).getBytes()));
    }
    for (var one : all) System.out.println("Meet " + new String(one.get()));
  }

  public static void main(String[] arguments) throws Exception {
    ManagedChannel whole = NettyChannelBuilder.forAddress("127.0.0.1", Integer.parseInt(arguments[0]))
        .usePlaintext().proxyDetector(address -> null).maxInboundMessageSize(Integer.MAX_VALUE).build();
    var mine = new Metadata();
    if (!arguments[1].isEmpty()) mine.put(key("x-user"), arguments[1]);
    channel = ClientInterceptors.intercept(whole, MetadataUtils.newAttachHeadersInterceptor(mine));
    for (String name : Arrays.copyOfRange(arguments, 2, arguments.length)) {
      switch (name) {
        case "unary" -> unary(channel, "Echo", "hello".getBytes());
        case "unary-empty" -> unary(channel, "Echo", new byte[0]);
        case "unary-large" -> unary(channel, "Echo", "laptop? ".repeat(20 * 1024 * 1024 / 8).getBytes());
        case "metadata" -> {
          var more = new Metadata();
          byte[] every = new byte[256];
          for (int at = 0; at < 256; at++) every[at] = (byte) at;
          more.put(Metadata.Key.of("x-case-bin", Metadata.BINARY_BYTE_MARSHALLER), every);
          for (String value : new String[] {"a", "b"}) more.put(key("x-case"), value);
          unary(with(more), "Echo", "hello".getBytes());
        }
        case "fail" -> unary(channel, "Fail", "hello".getBytes());
        case "deadline" -> unary(channel, "Slow", "hello".getBytes());
        case "count" -> stream("Count", "2000");
        case "minute" -> stream("Ticks", "120");
        case "turns", "turns-cancelled" -> turns(name.equals("turns-cancelled"));
        case "calls" -> calls();
        default -> throw new IllegalArgumentException(name);
      }
    }
    whole.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    System.exit(0);
  }
}
