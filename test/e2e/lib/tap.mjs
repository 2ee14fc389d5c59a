// A proxy between the browser and the demo, on loopback: it keeps what went
// over the wire and can change an answer's headers. The browser takes it by
//   --proxy-server=127.0.0.1:PORT --proxy-bypass-list=<-loopback>
import http from 'node:http';

export class Tap {
  /** Every exchange that ended its headers: {method, url, path, host, headers, status, responseHeaders}. */
  exchanges = [];

  /**
   * @param {(exchange, headers) => void} [options.rewrite] may change the answer's headers before the browser sees them.
   * @param {(exchange) => ({status, headers, body?}|undefined)} [options.answer] may answer in the server's place, which then never sees the request.
   */
  static async start({ rewrite, answer } = {}) {
    const self = new Tap();
    self.rewrite = rewrite;
    self.answer = answer;
    self.server = http.createServer((request, response) => self.#forward(request, response));
    await new Promise((resolve) => { self.server.listen(0, '127.0.0.1', resolve); });
    self.port = self.server.address().port;
    return self;
  }

  get flags() {
    return [`--proxy-server=127.0.0.1:${this.port}`, '--proxy-bypass-list=<-loopback>'];
  }

  #forward(request, response) {
    const url = new URL(request.url);
    const headers = { ...request.headers, host: url.host };
    delete headers['proxy-connection'];
    const exchange = { method: request.method, url: url.href, path: url.pathname, host: url.host, headers, status: 0, responseHeaders: {} };
    const instead = this.answer?.(exchange);
    if (instead) {
      exchange.status = instead.status;
      this.exchanges.push(exchange);
      request.resume();
      response.writeHead(instead.status, instead.headers);
      response.end(instead.body);
      return;
    }
    const onward = http.request({ host: '127.0.0.1', port: url.port || 80, method: request.method, path: url.pathname + url.search, headers }, (answer) => {
      const out = { ...answer.headers };
      exchange.status = answer.statusCode;
      exchange.responseHeaders = { ...answer.headers };
      this.rewrite?.(exchange, out);
      this.exchanges.push(exchange);
      response.writeHead(answer.statusCode, out);
      response.flushHeaders();
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }

  /** The exchanges that carried a header in the request, newest last. */
  carrying(header) {
    return this.exchanges.filter((e) => e.headers[header] !== undefined);
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => { this.server.close(resolve); });
  }
}
