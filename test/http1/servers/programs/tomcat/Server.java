// The test application on Tomcat: `Server PORT NAME`. What each path does: ../README.md.
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.File;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.logging.LogManager;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

public class Server {
  static String name;

  static class Answers extends HttpServlet {
    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
      response.setHeader("X-Name", name);
      switch (request.getRequestURI()) {
        case "/echo" -> {
          byte[] body = request.getInputStream().readAllBytes();
          response.setContentLength(body.length);
          response.getOutputStream().write(body);
        }
        case "/stream" -> request.getInputStream().transferTo(response.getOutputStream());
        case "/upload" -> text(response, sum(request) + "\n");
        case "/sums" -> {
          int length = request.getInputStream().readAllBytes().length;
          text(response, length + " " + request.getTrailerFields() + "\n");
        }
        case "/trailers" -> {
          response.setHeader("Trailer", "X-Sum");
          response.setTrailerFields(() -> Map.of("X-Sum", "42"));
          response.getOutputStream().print("one ");
          response.flushBuffer();
          response.getOutputStream().print("two");
        }
        case "/empty" -> response.setStatus(204);
        case "/unchanged" -> {
          response.setHeader("ETag", "\"1\"");
          response.setStatus(304);
        }
        case "/large" -> {
          byte[] piece = "remocal ".repeat(1024).getBytes();
          response.setContentLength(12 * 1024 * 1024);
          for (int at = 0; at < 12 * 1024 * 1024; at += piece.length) response.getOutputStream().write(piece);
        }
        case "/refuse" -> response.setStatus(417);
        case "/early" -> {
          response.setHeader("Connection", "close");
          response.setStatus(413);
        }
        default -> {
          int length = request.getInputStream().readAllBytes().length;
          text(response, "<<" + request.getMethod() + " " + request.getRequestURI() + " " + length + ">>\n");
        }
      }
    }

    private static String sum(HttpServletRequest request) throws IOException {
      try {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] bytes = new byte[64 * 1024];
        for (int count; (count = request.getInputStream().read(bytes)) >= 0; ) digest.update(bytes, 0, count);
        return HexFormat.of().formatHex(digest.digest());
      } catch (java.security.NoSuchAlgorithmException impossible) {
        throw new IOException(impossible);
      }
    }

    private static void text(HttpServletResponse response, String text) throws IOException {
      response.setContentType("text/plain");
      response.getOutputStream().print(text);
    }
  }

  public static void main(String[] arguments) throws Exception {
    LogManager.getLogManager().reset();
    name = arguments[1];
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(new File(".").getAbsolutePath());
    Connector connector = new Connector();
    connector.setPort(Integer.parseInt(arguments[0]));
    connector.setProperty("address", "127.0.0.1");
    connector.setProperty("maxHttpRequestHeaderSize", "131072");
    connector.setProperty("maxPostSize", "-1");
    connector.setProperty("maxSwallowSize", "-1");
    connector.setAllowTrace(true);
    tomcat.setConnector(connector);
    Context context = tomcat.addContext("", new File(".").getAbsolutePath());
    Tomcat.addServlet(context, "answers", new Answers());
    context.addServletMappingDecoded("/*", "answers");
    tomcat.start();
    tomcat.getServer().await();
  }
}
