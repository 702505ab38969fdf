// The cases with java.net.http: `Client PORT USER CASE...`; prints what came of each.
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Arrays;

public class Client {
  static String port;
  static String user;
  static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  static void ask(String method, String path, BodyPublisher body, boolean expect) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).method(method, body).expectContinue(expect);
    if (!user.isEmpty()) request.header("X-User", user);
    var answer = CLIENT.send(request.build(), BodyHandlers.ofByteArray());
    System.out.println(path + " " + answer.statusCode() + " " + answer.body().length + " " + Arrays.hashCode(answer.body()));
  }

  static BodyPublisher text(String text) {
    return BodyPublishers.ofString(text);
  }

  public static void main(String[] arguments) throws Exception {
    port = arguments[0];
    user = arguments[1];
    BodyPublisher none = BodyPublishers.noBody();
    for (String name : Arrays.copyOfRange(arguments, 2, arguments.length)) {
      switch (name) {
        case "get" -> {
          ask("GET", "/a", none, false);
          ask("GET", "/a?b=c", none, false);
        }
        case "post" -> ask("POST", "/echo", text("hello"), false);
        case "chunked" ->
            ask("POST", "/echo", BodyPublishers.ofInputStream(() -> new ByteArrayInputStream("one two".getBytes())), false);
        case "trailers", "empty", "unchanged", "close", "large" -> ask("GET", "/" + name, none, false);
        case "head" -> ask("HEAD", "/a", none, false);
        case "upload" -> ask("POST", "/upload", text("laptop? ".repeat(12 * 1024 * 1024 / 8)), false);
        case "continue" -> ask("POST", "/echo", text("hello"), true);
        default -> throw new IllegalArgumentException(name);
      }
    }
    System.exit(0);
  }
}
